"""Every threshold of turn-taking, in seconds, each with its origin."""

from dataclasses import dataclass

__all__ = ["WINDOW_S", "Policy"]

# One VAD window: 512 samples at 16 kHz, the length that Silero was trained on.
WINDOW_S = 0.032


@dataclass(frozen=True, slots=True)
class Policy:
    """How a conversation takes turns. Every wait has a limit, so that no call is ever silent for ever."""

    # -- ears -------------------------------------------------------------------------------------------------
    # A window counts as speech from here on, and as silence only below the second figure: Silero's own pair,
    # a gap of 0.15 between entering and leaving (silero-vad, VADIterator).
    speech_probability: float = 0.5
    silence_probability: float = 0.35
    # Sound below this volume is no speech, whatever the detector says (``audio.volume``; 0: all sound counts).
    # Atoms: voiceDetectionConfig.minVolume.
    least_volume: float = 0.0
    # Speech needed before the visitor counts as speaking (Atoms: voiceDetectionConfig.triggerTimeInSecs).
    onset_s: float = 0.2
    # Unvoiced sound inside an onset that does not start it anew: a plosive's closure lasts up to about 0.1 s.
    onset_gap_s: float = 0.096
    # Sound from before the onset that speech-to-text gets, so that no first consonant is lost.
    pre_roll_s: float = 0.3
    # Silence after which the final transcript is made ahead of time. Of 15 measured turns it costs 1.8 finals
    # per turn, and hides the recogniser behind the silence that ends the turn.
    pause_s: float = 0.192
    # Silence that ends the user's turn. Measured on read speech with inner pauses: 0.416 s cuts 8 of 15 turns,
    # 0.608 s cuts 3, 0.8 s cuts 2.
    turn_silence_s: float = 0.64
    # Silence that ends a turn which looks unfinished by what has been written of it; 0: no such look is taken.
    # Atoms: smartTurnConfig.
    unfinished_silence_s: float = 0.0
    # How late a frame may be before its absence counts as silence: push-to-talk clients stop sending.
    socket_grace_s: float = 0.2
    # A turn is ended after this long, whatever is heard: a radio in the room never pauses.
    longest_turn_s: float = 60.0
    # Up to here a turn that goes on after a pause is written down anew as a whole, which reads better than
    # the sum of its pieces; longer ones are continued, so that the cost stays bounded.
    rewrite_up_to_s: float = 8.0
    # Speech networks lose track of longer pieces (Moonshine: about 30 s).
    longest_utterance_s: float = 25.0

    # -- barge-in ---------------------------------------------------------------------------------------------
    # Off: the visitor is not heard while the agent talks (Atoms: allowInterruptions).
    interruptions: bool = True
    # Start of each agent turn in which it cannot be interrupted (Atoms: interruptionBackoffTimer).
    interruption_grace_s: float = 0.0
    # Speech that interrupts for certain where the client can hold the agent's voice; less may be a cough.
    barge_in_s: float = 0.35
    # The visitor is not heard before the agent's first turn has ended (Atoms: muteUserUntilFirstBotResponse).
    deaf_until_first_reply: bool = False

    # -- mouth ------------------------------------------------------------------------------------------------
    # The first frame of a reply is short, so that it leaves at once; the others are long, because a frame
    # costs the same whatever it carries (wire-spec 1.7.4: 20 to 100 ms).
    first_frame_s: float = 0.02
    frame_s: float = 0.1
    # From sending a frame to hearing it, where the client does not report: network and the client's cushion.
    client_delay_s: float = 0.1

    # Sound that is made ahead of what has been sent: the next part is given to the voice below it.
    voice_ahead_s: float = 8.0

    # -- limits -----------------------------------------------------------------------------------------------
    # A client that never says that it is ready gets its greeting after this long.
    ready_wait_s: float = 5.0
    # A client that is gone may come back for so long.
    away_s: float = 60.0
    # So long may its output be suspended: a page before its first gesture, or during a phone call.
    suspended_s: float = 60.0
    # The final transcript after the end of a turn.
    transcript_wait_s: float = 6.0
    # The first text of a reply, and each further piece.
    text_wait_s: float = 12.0
    # Sound after a part was given to the voice.
    voice_wait_s: float = 8.0
    # A model that never stops is stopped: about twenty minutes of speech.
    longest_reply_letters: int = 20_000
    # Rounds of tools within one reply.
    most_tool_rounds: int = 8
    # Silence while a tool works, after which the agent says that it is still there: people take a pause of more
    # than about a second for a sign of trouble (Jefferson 1989, "standard maximum silence").
    tool_filler_s: float = 1.2
    # Failures in a row after which the call is ended.
    most_failures: int = 3
    # Nobody speaks: the agent asks whether anybody is there, and hangs up after so many times.
    idle_s: float = 20.0
    most_nudges: int = 3
    # The whole call (Atoms: sessionTimeoutConfig, 1800 s).
    longest_call_s: float = 1800.0
