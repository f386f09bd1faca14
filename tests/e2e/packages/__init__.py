"""The packages as users get them: `make test-dist` builds dist/, and these tests install and use its files."""
