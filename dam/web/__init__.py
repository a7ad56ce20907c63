"""How pages are served: gunicorn keeps the processes, waitress the connections, and threads answer what came in.

A thread of the product never waits for a client: one loop of each process receives requests, to memory or a temporary
file, and sends answers. `admission` decides what gets a thread now, waits for one, or is turned away.
"""

from threading import Event

leaving = Event()  # set when this process is about to stop: `/readyz` says so
