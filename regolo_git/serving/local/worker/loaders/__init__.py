"""How each format becomes something that predicts; each module imports its own library, in the worker."""
