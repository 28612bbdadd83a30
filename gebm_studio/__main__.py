"""`python -m gebm_studio` is `gebm-studio`."""

if __name__ == "__main__":
    from gebm_studio.cli import main

    raise SystemExit(main())
