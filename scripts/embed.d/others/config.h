/* What libbsd, libmd and libyaml are told of this system: what they need is
 * everywhere. */
#define HAVE_UNISTD_H 1
#define YAML_VERSION_MAJOR  0
#define YAML_VERSION_MINOR  2
#define YAML_VERSION_PATCH  5
#define YAML_VERSION_STRING "0.2.5"
