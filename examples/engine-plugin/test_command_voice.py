"""The tests of the kind, which every engine has to pass."""

import asyncio

from command_voice import open_engine

from vivavoce.testing.contracts import check_text_to_speech


def test_the_voice_keeps_the_contract() -> None:
    """Sound in order, two sentences at once, texts without words, cancellation, closing."""
    asyncio.run(check_text_to_speech(open_engine({})))
