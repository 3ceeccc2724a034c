;; SPDX-License-Identifier: Apache-2.0
;; The inner loops of kernel.ts, eight products at a time. `npm run kernel` compiles this into kernel_wasm.ts.
;; Addresses and steps are in bytes; $taps is a multiple of 8. Coefficients: 8 coarse, 8 fine, 8 coarse...
(module
  (memory (export "memory") 1)

  ;; Eight sums of four at once: [a b c d].
  (func $sums (param $a v128) (param $b v128) (param $c v128) (param $d v128) (result v128)
    (local $ab v128) (local $cd v128)
    ;; [a0+a2 b0+b2 a1+a3 b1+b3], and so on.
    (local.set $ab (i32x4.add
      (i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23 (local.get $a) (local.get $b))
      (i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31 (local.get $a) (local.get $b))))
    (local.set $cd (i32x4.add
      (i8x16.shuffle 0 1 2 3 16 17 18 19 4 5 6 7 20 21 22 23 (local.get $c) (local.get $d))
      (i8x16.shuffle 8 9 10 11 24 25 26 27 12 13 14 15 28 29 30 31 (local.get $c) (local.get $d))))
    (i32x4.add
      (i8x16.shuffle 0 1 2 3 4 5 6 7 16 17 18 19 20 21 22 23 (local.get $ab) (local.get $cd))
      (i8x16.shuffle 8 9 10 11 12 13 14 15 24 25 26 27 28 29 30 31 (local.get $ab) (local.get $cd))))

  ;; The filter $h at $count places, four of them at a time: they share each read of $h.
  (func (export "filter")
    (param $x i32) (param $step i32) (param $h i32) (param $taps i32) (param $out i32) (param $stride i32)
    (param $count i32)
    (local $k i32) (local $end i32) (local $x1 i32) (local $x2 i32) (local $x3 i32)
    (local $v v128) (local $coarse v128) (local $fine v128)
    (local $a v128) (local $b v128) (local $c v128) (local $d v128)
    (local $a1 v128) (local $b1 v128) (local $c1 v128) (local $d1 v128)
    (local.set $end (i32.add (local.get $h) (i32.shl (local.get $taps) (i32.const 2))))
    (loop $group
      (local.set $x1 (i32.add (local.get $x) (local.get $step)))
      (local.set $x2 (i32.add (local.get $x1) (local.get $step)))
      (local.set $x3 (i32.add (local.get $x2) (local.get $step)))
      (local.set $k (local.get $h))
      (local.set $a (v128.const i64x2 0 0))
      (local.set $b (v128.const i64x2 0 0))
      (local.set $c (v128.const i64x2 0 0))
      (local.set $d (v128.const i64x2 0 0))
      (local.set $a1 (v128.const i64x2 0 0))
      (local.set $b1 (v128.const i64x2 0 0))
      (local.set $c1 (v128.const i64x2 0 0))
      (local.set $d1 (v128.const i64x2 0 0))
      (loop $more
        (local.set $coarse (v128.load (local.get $k)))
        (local.set $fine (v128.load offset=16 (local.get $k)))
        (local.set $v (v128.load (local.get $x)))
        (local.set $a (i32x4.add (local.get $a) (i32x4.dot_i16x8_s (local.get $v) (local.get $coarse))))
        (local.set $a1 (i32x4.add (local.get $a1) (i32x4.dot_i16x8_s (local.get $v) (local.get $fine))))
        (local.set $x (i32.add (local.get $x) (i32.const 16)))
        (local.set $v (v128.load (local.get $x1)))
        (local.set $b (i32x4.add (local.get $b) (i32x4.dot_i16x8_s (local.get $v) (local.get $coarse))))
        (local.set $b1 (i32x4.add (local.get $b1) (i32x4.dot_i16x8_s (local.get $v) (local.get $fine))))
        (local.set $x1 (i32.add (local.get $x1) (i32.const 16)))
        (local.set $v (v128.load (local.get $x2)))
        (local.set $c (i32x4.add (local.get $c) (i32x4.dot_i16x8_s (local.get $v) (local.get $coarse))))
        (local.set $c1 (i32x4.add (local.get $c1) (i32x4.dot_i16x8_s (local.get $v) (local.get $fine))))
        (local.set $x2 (i32.add (local.get $x2) (i32.const 16)))
        (local.set $v (v128.load (local.get $x3)))
        (local.set $d (i32x4.add (local.get $d) (i32x4.dot_i16x8_s (local.get $v) (local.get $coarse))))
        (local.set $d1 (i32x4.add (local.get $d1) (i32x4.dot_i16x8_s (local.get $v) (local.get $fine))))
        (local.set $x3 (i32.add (local.get $x3) (i32.const 16)))
        (br_if $more (i32.lt_u
          (local.tee $k (i32.add (local.get $k) (i32.const 32))) (local.get $end))))
      ;; To the nearest 16 bit sample: FINE_BITS is 6, COARSE_BITS is 14.
      (local.set $v (i32x4.shr_s
        (i32x4.add (v128.const i32x4 8192 8192 8192 8192) (i32x4.add
          (call $sums (local.get $a) (local.get $b) (local.get $c) (local.get $d))
          (i32x4.shr_s
            (call $sums (local.get $a1) (local.get $b1) (local.get $c1) (local.get $d1))
            (i32.const 6))))
        (i32.const 14)))
      (local.set $v (i16x8.narrow_i32x4_s (local.get $v) (local.get $v)))
      (v128.store16_lane 0 (local.get $out) (local.get $v))
      (local.set $out (i32.add (local.get $out) (local.get $stride)))
      (v128.store16_lane 1 (local.get $out) (local.get $v))
      (local.set $out (i32.add (local.get $out) (local.get $stride)))
      (v128.store16_lane 2 (local.get $out) (local.get $v))
      (local.set $out (i32.add (local.get $out) (local.get $stride)))
      (v128.store16_lane 3 (local.get $out) (local.get $v))
      (local.set $out (i32.add (local.get $out) (local.get $stride)))
      ;; $x1 to $x3 have gone on with $x; the next group begins where a fifth would.
      (local.set $x (i32.add
        (i32.sub (local.get $x3) (i32.shl (local.get $taps) (i32.const 1))) (local.get $step)))
      (br_if $group (i32.gt_s
        (local.tee $count (i32.sub (local.get $count) (i32.const 4))) (i32.const 0))))))
