"""Lambda entry points: a handler decodes its event and makes one call into `pipeline`."""

import gc
import os

# Lambda sets this in every container (AWS Lambda: "Using Lambda environment variables"). While the
# modules of a function are loaded hardly anything becomes garbage, and looking for it takes a tenth
# of the time. `prepare_container` turns it on again.
if "AWS_LAMBDA_INITIALIZATION_TYPE" in os.environ:
    gc.disable()
    from functions.class_methods import use_compiled_methods

    # Before the first dependency is loaded.
    use_compiled_methods()
