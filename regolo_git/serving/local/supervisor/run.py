"""The supervisor's event loop: the supervisor itself, and its admin server beside it."""

import asyncio
import socket
from collections.abc import Callable, Collection

from regolo_git.serving.desired import Source
from regolo_git.serving.local.runtime_directory import RuntimeDirectory
from regolo_git.serving.local.supervisor.admin import admin_server, listen_for_admin
from regolo_git.serving.local.supervisor.page_data import PageData
from regolo_git.serving.local.supervisor.supervisor import Supervisor
from regolo_git.serving.options import ServeOptions


async def run(
    source: Source,
    endpoints: Collection[str],
    options: ServeOptions,
    listener: socket.socket,
    say: Callable[[str], None],
    listening: Callable[[], None],
) -> None:
    """Serves until it is told to stop.  Raises the errors of `Supervisor.run`."""
    supervisor = Supervisor(source, endpoints, options, listener, say, listening)
    directory = RuntimeDirectory.of(options.common_directory)
    page = PageData(supervisor, source, directory)
    admin = admin_server(supervisor, page)
    admin_socket = listen_for_admin(directory)
    serving = asyncio.create_task(admin.serve(sockets=[admin_socket]))
    try:
        await supervisor.run()
    finally:
        admin.should_exit = True
        await serving
        page.close()
