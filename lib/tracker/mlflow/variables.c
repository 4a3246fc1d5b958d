#include "tracker/mlflow/variables.h"

#include <errno.h>
#include <stdlib.h>
#include <strings.h>

#include "base/environment.h"

int
mlflow_variable_bool(const char *name, bool *value, struct err *err)
{
	const char *text = environment_value(name);

	if (text == NULL)
		return 0;
	if (strcasecmp(text, "true") == 0 || strcmp(text, "1") == 0)
		*value = true;
	else if (strcasecmp(text, "false") == 0 || strcmp(text, "0") == 0)
		*value = false;
	else
		return err_set(err, -EINVAL,
		    "%s must be true, false, 1 or 0, not \"%s\"", name, text);
	return 0;
}

int
mlflow_variable_number(const char *name, int64_t least, int64_t most,
    const char *what, int64_t *value, struct err *err)
{
	const char *text = environment_value(name);
	const char *why = NULL;
	long long number;

	if (text == NULL)
		return 0;
	number = strtonum(text, least, most, &why);
	if (why != NULL)
		return err_set(err, -EINVAL, "%s=%s is %s (%s, %jd to %jd)",
		    name, text, why, what, (intmax_t)least, (intmax_t)most);
	*value = number;
	return 0;
}
