"""The process of background jobs inside a test, until what the test waits for has come about."""

import asyncio
from collections.abc import Callable

from clarion.runtime import jobs
from tests.waiting import PATIENCE_SECONDS


async def until_so(question: Callable[[], bool], task: "asyncio.Task[object]") -> None:
    """Wait until the database says so, or the process has ended, whose error is raised then."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not await asyncio.to_thread(question):
            if task.done():
                task.result()
                return
            await asyncio.sleep(0.05)


def run_jobs_until(question: Callable[[], bool]) -> None:
    """Run the process until the database says so, and end it in order."""

    async def work() -> None:
        stop = asyncio.Event()
        task = asyncio.create_task(jobs.run(stop))
        await until_so(question, task)
        stop.set()
        await asyncio.wait_for(task, PATIENCE_SECONDS)

    asyncio.run(work())
