"""A run by the real SDK, for proving the fake server: the form is the want."""
import os
import sys

import wandb

run = wandb.init(project="sdk", entity="team", id="sdkrun", name="by the SDK",
                 config={"lr": 0.1}, tags=["a"], notes="n",
                 settings=wandb.Settings(console="off", x_disable_meta=True,
                                         x_disable_stats=True))
for step in range(5):
    run.log({"acc": step / 10, "nan": float("nan")}, step=step)
artifact = wandb.Artifact("things", type="insidellms-run")
artifact.add_file(sys.argv[1])
run.log_artifact(artifact)
run.save(sys.argv[1], base_path=os.path.dirname(sys.argv[1]), policy="now")
run.finish(exit_code=3)
