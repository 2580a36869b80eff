/* SPDX-License-Identifier: Apache-2.0 */
/* A chain of kernels, run row by row, so that the tensors between them never exist as a whole.
 *
 * Asked for a row, a kernel first asks the one before it for the rows that its window spans and
 * that are not made yet. Rows are made from the top, each once; a ring of as many rows as the
 * reader's window spans keeps them until they are not read any more. */
#include "tb_kernels.h"
#include "tb_window.h"
#ifdef TB_TAP
#include "tb_tap.h"
#endif

/* The last input row that output row y reads. */
static int32_t last_row(const tb_window_t *win, int32_t y) {
  const int32_t bottom = y * win->stride_h - win->pad_top + (win->kernel_h - 1) * win->dilation_h;
  return bottom < win->in_h ? bottom : win->in_h - 1;
}

void tb_chain(const tb_chain_t *chain, const int8_t *in, int8_t *out) {
  const tb_link_t *const links = chain->links;
  const int32_t last = chain->count - 1;
  int32_t made[TB_CHAIN_MAX] = {0};   /* rows that each link has made */
  tb_rows_t rows[TB_CHAIN_MAX];       /* what each link reads */
  int32_t wanted[TB_CHAIN_MAX] = {0}; /* rows that each link has to have made */
  for (int32_t i = 0; i <= last; i++) {
    const tb_window_t *win = links[i].window;
    rows[i].bytes = win->in_w * win->in_c;
    rows[i].first = i == 0 ? in : (const int8_t *)links[i - 1].ring;
    rows[i].capacity = i == 0 ? win->in_h : links[i - 1].capacity;
  }
  wanted[last] = links[last].window->out_h;
  for (int32_t i = last; made[last] < wanted[last];) {
    const tb_window_t *win = links[i].window;
    if (i > 0) {
      wanted[i - 1] = last_row(win, made[i]) + 1;
      if (made[i - 1] < wanted[i - 1]) {
        i--;
        continue;
      }
    }
    const int32_t y = made[i];
    const int32_t bytes = win->out_w * win->out_c;
    int8_t *const to =
        i == last ? out + y * bytes : (int8_t *)links[i].ring + (y % links[i].capacity) * bytes;
    const tb_rows_t operands[2] = {rows[i], {links[i].beside, win->out_h, links[i].beside_bytes}};
    links[i].row(links[i].op, operands, y, to);
#ifdef TB_TAP
    tb_tap(links[i].tensor, (uint32_t)(y * bytes), to, (uint32_t)bytes);
#endif
    made[i]++;
    if (i < last && made[i] >= wanted[i]) {
      i++;
    }
  }
}
