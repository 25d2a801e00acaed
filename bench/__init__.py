"""
What a call costs, how many fit on one core, and how fast the agent answers.

Two processes: the measured server, pinned to one core, and the driver with all its callers, pinned to another.
The driver speaks the Atoms wire as pages do, keeps its own schedule and reports how well it kept it,
and reads the server's costs from the operating system. Nothing inside the server is asked for a figure.

    clip, wire                       what callers send and read
    caller, playout, record          pure: the script of a call, and what its record says
    metronome, call, crowd, driver   the process with all callers
    machine                          cores, processor time and memory, as the kernel counts them
    bare, systems                    the servers that are measured
    report, trial                    one system, one number of calls, one window
    figures, goals, tables           pure: what is demanded, and how it is shown
    turns, density                   the two benchmarks
    cut_call, soak                   calls whose connections are cut, and what they lose

Run it with ``python -m bench``; it needs Linux and two cores.
"""
