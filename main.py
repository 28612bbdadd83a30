"""Start GEBM Studio from a checkout; `python main.py --help` tells more."""

# The engine's worker process imports this file again, so nothing may happen outside the guard.
if __name__ == "__main__":
    try:
        from gebm_studio.cli import main
    except ModuleNotFoundError as error:
        raise SystemExit(
            f"gebm-studio: {error.name} is not installed for this Python; install the studio first, with Python 3.11 "
            "or later: python -m pip install -c constraints.txt -e ."
        ) from error

    raise SystemExit(main())
