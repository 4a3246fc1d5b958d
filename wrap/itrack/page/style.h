/* The look of the page: light and dark as the reader's system is, and on paper. */
#ifndef WRAP_ITRACK_PAGE_STYLE_H
#define WRAP_ITRACK_PAGE_STYLE_H

extern const char style_sheet[];

#endif
