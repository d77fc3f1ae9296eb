"""The webhook: an HTTPS server that answers AdmissionReviews.

Where to look:

- ``server``: start it, drain it, serve until a signal
- ``app``: what the server asks of whoever reviews (``Reviewer``, ``Reply``), and what it refuses by itself
- ``protocol``: one HTTP connection; ``connections``: all of them; ``listener``: how they come in
- ``parser``: bytes to judged requests; ``familiar``: heads seen before; ``timeouts``: ``?timeout=``; ``replies``: answers
- ``reviewer``: what a module answers; ``actions``: where its functions are run, on the loop, in a task or in one of the ``threads``,
  as the ``watchdog`` says; ``apart``: large reviews
- ``limits``: every number a hostile client runs into
- ``certificates``: making a pair; ``tls``: serving it, and swapping it while serving
- ``health``: the second port with ``/healthz``, ``/readyz`` and ``/metrics``, in a thread of its own (``loop_thread``)
- ``heartbeat``: whether the event loop turns, and who holds it
"""
