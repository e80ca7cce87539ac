"""`python -m benchmarks.peers [DIRECTORY]`: install every peer beforehand."""

from benchmarks.peers.environments import main

if __name__ == "__main__":
    main()
