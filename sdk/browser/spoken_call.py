"""
A visitor who speaks, interrupts, and asks for a tool: makes a call as a page would, and prints its id.

    python spoken_call.py URL KEY AGENT_ID WAV [--hold]

With ``--hold`` the id is printed at once and the call goes on until the server ends it.
"""

import asyncio
import sys
from pathlib import Path

from vivavoce.client import AtomsClient
from vivavoce.client.hearing import Hearing
from vivavoce.client.microphone import Microphone
from vivavoce.client.sound import load
from vivavoce.speech import Tool

_LIMIT_S = 30.0
# How much of an answer is heard before it is interrupted.
_HEARD_S = 1.0
_TOOL = Tool("find_table", "Looks for a free table.", {"type": "object", "properties": {"seats": {"type": "integer"}}})


async def speak(url: str, key: str, agent_id: str, wav: Path, *, hold: bool) -> None:
    """Make the call."""
    said = load(wav)
    async with await AtomsClient.connect(url, key=key, agent_id=agent_id, variables={"city": "Ghent"}) as client:
        hearing, microphone = Hearing(client), Microphone(client)
        print(client.session.call_id, flush=True)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(hearing.run())
            sending = tasks.create_task(microphone.run())
            await client.declare_tools([_TOOL])
            await _turn(hearing, 1)
            await microphone.say(said)
            if hold:
                await hearing.until(lambda: False, 10 * _LIMIT_S)
            else:
                await hearing.until(lambda: len(hearing.turns) == 2, _LIMIT_S)
                await asyncio.sleep(_HEARD_S)
                await microphone.say(said)
                await _turn(hearing, 3)
                await client.send_text('call tool find_table {"seats": 2}')
                await _turn(hearing, 4)
            sending.cancel()
            await client.close()


async def _turn(hearing: Hearing, count: int) -> None:
    """Wait until the agent has ended this turn."""
    if not await hearing.until(lambda: len(hearing.turns) >= count and not hearing.talking, _LIMIT_S):
        raise SystemExit(f"the agent did not take its turn {count}: {[turn.text for turn in hearing.turns]}")


if __name__ == "__main__":
    address, secret, agent, sound = sys.argv[1:5]
    asyncio.run(speak(address, secret, agent, Path(sound), hold="--hold" in sys.argv))
