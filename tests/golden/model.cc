// SPDX-License-Identifier: Apache-2.0
// Rendered by tinybench VERSION from templates/model.cc.j2. Do not edit.
// model sha256 abababababababababababababababababababababababababababababababab
// 2180 multiply-accumulates, 1353 bytes of constants, 212 bytes of arena
#include "tb_engine.h"
#include "tb_kernels.h"
#include "tb_kernels16.h"

#if TB_KERNELS_VERSION != 16
#error "model.cc and the kernels are of different versions: render the project again"
#endif

namespace {

alignas(16) uint8_t tb_arena[212];

alignas(4) const int8_t tb_w_0_filter[216] = {
113, -14, 79, -59, 32, -6, 106, 119, 47, 1, 82, 97, 101, 21, 33, -80, 20, 14, -15, 2, 70, 2, 4, 112, 85, 126, -60, 89, -70, 78, -1, 53,
-113, 75, -31, 36, -51, 51, -64, -117, -55, 31, 126, 62, 95, -41, -124, -7, 105, 125, -103, -104, -126, -9, -78, -65, 0, -73, 120, 10, 82, 88, 49, 58,
-94, -87, 97, 2, 76, 91, -76, 29, -97, 29, 56, 95, -8, -98, -33, 47, 81, -116, -3, -35, -50, -14, -127, 37, -40, -118, 30, 25, -57, -91, 84, -100,
56, 4, 42, -112, -63, 120, -88, 41, 125, -9, 9, -29, 25, 0, 0, 0, -45, 0, 0, 0, -70, 0, 0, 0, -89, 0, 0, 0, -30, 0, 0, 0,
81, 0, 0, 0, -25, 0, 0, 0, -31, 0, 0, 0, 19, 0, 0, 0, 122, 0, 0, 0, -27, 0, 0, 0, 23, 0, 0, 0, -15, 0, 0, 0,
27, 0, 0, 0, -14, 0, 0, 0, 35, 0, 0, 0, 12, 0, 0, 0, 45, 0, 0, 0, 116, 0, 0, 0, -89, 0, 0, 0, 16, 0, 0, 0,
-15, 0, 0, 0, -36, 0, 0, 0, -66, 0, 0, 0, -114, 0, 0, 0, -25, 0, 0, 0, 83, 0, 0, 0
};

alignas(4) const int32_t tb_w_0_bias[8] = {
33388, 22946, 15059, 26819, -11421, 0, 0, 0
};

alignas(4) const int32_t tb_w_0_multiplier[5] = {
1077952640, 1077952640, 1077952640, 1077952640, 1077952640
};

alignas(4) const int8_t tb_w_0_shift[5] = {
7, 7, 7, 7, 7
};

alignas(4) const int8_t tb_w_2_filter[20] = {
-126, 95, 88, 103, 44, -104, 88, 117, -124, 41, -4, 18, -51, 8, 113, -56, -1, -94, 27, -90
};

alignas(4) const int32_t tb_w_2_bias[4] = {
-33024, -6912, 39936, 11776
};

alignas(4) const int32_t tb_w_2_multiplier[4] = {
1649267343, 1649267343, 1649267343, 1649267343
};

alignas(4) const int8_t tb_w_2_shift[4] = {
6, 6, 6, 6
};

alignas(4) const int32_t tb_w_3_exp_table[256] = {
2147483647, 1943123572, 1758210936, 1590894991, 1439501330, 1302515042, 1178564005, 1066408839, 964926574, 873101692, 790014891, 714835203, 646809647, 585257551, 529562937, 479168253, 433569460, 392309882, 354976644, 321196158, 290630233, 262973171, 237947968, 215304218, 194815315, 176276147, 159501289, 144322738, 130588608, 118161461, 106916886, 96742422,
87536164, 79205994, 71668548, 64848369, 58677244, 53093367, 48040863, 43469172, 39332524, 35589548, 32202755, 29138256, 26365385, 23856382, 21586151, 19531958, 17673246, 15991414, 14469627, 13092663, 11846731, 10719365, 9699283, 8776272, 7941101, 7185406, 6501624, 5882912, 5323078, 4816521, 4358169, 3943434,
3568167, 3228610, 2921368, 2643363, 2391814, 2164203, 1958251, 1771899, 1603281, 1450708, 1312655, 1187739, 1074711, 972439, 879899, 796166, 720401, 651846, 589814, 533686, 482899, 436945, 395364, 357741, 323697, 292893, 265021, 239801, 216981, 196332, 177649, 160743,
145446, 131605, 119081, 107749, 97496, 88218, 79823, 72227, 65353, 59134, 53507, 48415, 43808, 39639, 35867, 32453, 29365, 26571, 24042, 21754, 19684, 17811, 16116, 14582, 13195, 11939, 10803, 9775, 8845, 8003, 7241, 6552,
5929, 5365, 4854, 4392, 3974, 3596, 3254, 2944, 2664, 2410, 2181, 1973, 1786, 1616, 1462, 1323, 1197, 1083, 980, 887, 802, 726, 657, 594, 538, 487, 440, 398, 361, 326, 295, 267,
242, 219, 198, 179, 162, 147, 133, 120, 109, 98, 89, 81, 73, 66, 60, 54, 49, 44, 40, 36, 33, 30, 27, 24, 22, 20, 18, 16, 15, 13, 12, 11,
10, 9, 8, 7, 7, 6, 5, 5, 4, 4, 4, 3, 3, 3, 2, 2, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0,
0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0
};

// op 0: CONV_2D
const tb_conv2d_t tb_op_0 = {
    .window = {8, 8, 3, 4, 4, 5, 3, 3, 2, 2, 1, 1, 0, 0, 1},
    .group_in = 3,
    .group_out = 5,
    .run = 9,
    .inner_first = 0,
    .inner_last = 3,
    .out_offset = -128,
    .act_min = -128,
    .act_max = 127,
    .filter = tb_w_0_filter,
    .bias = tb_w_0_bias,
    .multiplier = tb_w_0_multiplier,
    .shift = tb_w_0_shift,
    .zero = -128,
};

// op 1: AVERAGE_POOL_2D
const tb_average_pool_t tb_op_1 = {
    .window = {4, 4, 5, 1, 1, 5, 4, 4, 4, 4, 1, 1, 0, 0, 0},
    .act_min = -128,
    .act_max = 127,
};

// op 3: FULLY_CONNECTED
const tb_conv2d_t tb_op_2 = {
    .window = {1, 1, 5, 1, 1, 4, 1, 1, 1, 1, 1, 1, 0, 0, 0},
    .group_in = 5,
    .group_out = 4,
    .run = 5,
    .inner_first = 0,
    .inner_last = 1,
    .out_offset = 3,
    .act_min = -128,
    .act_max = 127,
    .filter = tb_w_2_filter,
    .bias = tb_w_2_bias,
    .multiplier = tb_w_2_multiplier,
    .shift = tb_w_2_shift,
    .zero = -128,
};

// op 4: SOFTMAX
const tb_softmax_t tb_op_3 = {
    .rows = 1,
    .depth = 4,
    .exp_table = tb_w_3_exp_table,
};

int32_t setup() { return 0; }

// A place in the arena; of what type it is, the kernel says.
struct Place {
  uint8_t *bytes;
  operator int8_t *() const { return reinterpret_cast<int8_t *>(bytes); }
  operator int16_t *() const { return reinterpret_cast<int16_t *>(bytes); }
};

[[maybe_unused]] Place at(uint32_t offset) { return {tb_arena + offset}; }

int32_t invoke() {
  tb_conv2d(&tb_op_0, at(0), at(132));
  tb_average_pool(&tb_op_1, at(132), at(0));
  tb_conv2d(&tb_op_2, at(0), at(8));
  tb_softmax(&tb_op_3, at(8), at(8));
  return 0;
}

const tb_tensor_t inputs[] = {
    {tb_arena + 0, 192, 0x3b808081, -128, TB_INT8, 4, { 1, 8, 8, 3 }},
};

const tb_tensor_t outputs[] = {
    {tb_arena + 8, 4, 0x3b800000, -128, TB_INT8, 2, { 1, 4 }},
};

}  // namespace

const tb_engine_t tb_engine = {
    .name = "aot",
    .model_sha256 = { 0xab, 0xab, 0xab, 0xab, 0xab, 0xab, 0xab, 0xab, 0xab, 0xab, 0xab, 0xab, 0xab, 0xab, 0xab, 0xab, 0xab, 0xab, 0xab, 0xab, 0xab, 0xab, 0xab, 0xab, 0xab, 0xab, 0xab, 0xab, 0xab, 0xab, 0xab, 0xab },
    .build_id = { 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef },
    .arena = tb_arena,
    .arena_bytes = 212,
    .input_count = 1,
    .output_count = 1,
    .inputs = inputs,
    .outputs = outputs,
    .setup = setup,
    .invoke = invoke,
};
