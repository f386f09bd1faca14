"""The packages as users have them: `make test-dist` builds dist/, and these tests install and use what is there."""
