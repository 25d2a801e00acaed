"""The server's messages, until the client reads them."""

import asyncio

from vivavoce.client.mailbox import Mailbox
from vivavoce.client.messages import AgentStarted, Message


def test_messages_are_read_to_the_last_and_then_there_is_none() -> None:
    """Also those that came before the end was said, and however often one asks."""

    async def scenario() -> list[Message | None]:
        mailbox = Mailbox()
        mailbox.put(AgentStarted(1.0))
        mailbox.put(AgentStarted(2.0))
        mailbox.end()
        mailbox.end()
        mailbox.put(AgentStarted(3.0))
        return [await mailbox.next() for _ in range(4)]

    assert [AgentStarted(1.0), AgentStarted(2.0), None, None] == asyncio.run(scenario())


def test_a_mailbox_that_nobody_reads_is_full_one_day() -> None:
    """It says so; its end can be told all the same."""
    mailbox = Mailbox()
    taken = sum(mailbox.put(AgentStarted(0.0)) for _ in range(5000))
    mailbox.end()

    assert 4096 == taken
    assert mailbox.ended
