#include "tracker/about.h"

const struct tracker_about tracker_about_null = {
    .name = "null",
    .hidden = true,
};
