/* The files of a run directory, as insideLLMs names them. */
#ifndef MAPPING_NAMES_H
#define MAPPING_NAMES_H

#define MARKER_FILE   ".insidellms_run"
#define RECORDS_FILE  "records.jsonl"
#define MANIFEST_FILE "manifest.json"
#define CONFIG_FILE   "config.resolved.yaml"
#define SUMMARY_FILE  "summary.json"
#define EXPLAIN_FILE  "explain.json"
#define REPORT_FILE   "report.html"

#endif
