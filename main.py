"""Start GEBM Studio from a checkout; `python main.py --help` tells more."""

# The engine's worker process imports this file again, so nothing may happen outside the guard.
if __name__ == "__main__":
    from gebm_studio.cli import main

    raise SystemExit(main())
