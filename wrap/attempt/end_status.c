#include "wrap/attempt/end_status.h"

#include <sys/wait.h>

enum run_status
end_status(const struct attempt_outcome *outcome, bool manifest, bool stopped)
{
	bool ended_badly = outcome->has_exit && outcome->wait_status != 0;

	if (stopped && (!manifest || ended_badly))
		return RUN_KILLED;
	if (ended_badly)
		return WIFSIGNALED(outcome->wait_status) ? RUN_KILLED
							 : RUN_FAILED;
	if (manifest)
		return RUN_FINISHED;
	return outcome->command_killed ? RUN_KILLED : RUN_FAILED;
}
