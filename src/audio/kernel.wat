;; SPDX-License-Identifier: Apache-2.0
;; The inner loops of kernel.ts, four numbers at a time. `npm run kernel` compiles this into kernel_wasm.ts.
;; Addresses and steps are in bytes; $taps is a multiple of 8.
(module
  (memory (export "memory") 1)

  ;; The sum of both, as the nearest 16 bit sample.
  (func $store (param $out i32) (param $a v128) (param $b v128)
    (local.set $a (f32x4.add (local.get $a) (local.get $b)))
    (i32.store16 (local.get $out) (i32.trunc_sat_f32_s (f32.nearest
      (f32.max (f32.const -32768) (f32.min (f32.const 32767) (f32.add
        (f32.add (f32x4.extract_lane 0 (local.get $a)) (f32x4.extract_lane 1 (local.get $a)))
        (f32.add (f32x4.extract_lane 2 (local.get $a)) (f32x4.extract_lane 3 (local.get $a))))))))))

  ;; 16 bit samples to f32; reads and writes up to 7 more than $count.
  (func (export "widen") (param $from i32) (param $to i32) (param $count i32)
    (local $end i32) (local $v v128)
    (local.set $end (i32.add (local.get $from) (i32.shl (local.get $count) (i32.const 1))))
    (loop $more
      (local.set $v (v128.load (local.get $from)))
      (v128.store (local.get $to)
        (f32x4.convert_i32x4_s (i32x4.extend_low_i16x8_s (local.get $v))))
      (v128.store offset=16 (local.get $to)
        (f32x4.convert_i32x4_s (i32x4.extend_high_i16x8_s (local.get $v))))
      (local.set $to (i32.add (local.get $to) (i32.const 32)))
      (br_if $more (i32.lt_u
        (local.tee $from (i32.add (local.get $from) (i32.const 16))) (local.get $end)))))

  ;; The sum of x[i] * h[i]; in the same order as in $four, so that both give the same.
  (func (export "one") (param $x i32) (param $h i32) (param $taps i32) (param $out i32)
    (local $end i32) (local $a v128) (local $b v128)
    (local.set $end (i32.add (local.get $h) (i32.shl (local.get $taps) (i32.const 2))))
    (loop $more
      (local.set $a (f32x4.add (local.get $a)
        (f32x4.mul (v128.load (local.get $x)) (v128.load (local.get $h)))))
      (local.set $b (f32x4.add (local.get $b)
        (f32x4.mul (v128.load offset=16 (local.get $x)) (v128.load offset=16 (local.get $h)))))
      (local.set $x (i32.add (local.get $x) (i32.const 32)))
      (br_if $more (i32.lt_u
        (local.tee $h (i32.add (local.get $h) (i32.const 32))) (local.get $end))))
    (call $store (local.get $out) (local.get $a) (local.get $b)))

  ;; Four sums at once with the same $h: each begins $step bytes after the one before.
  (func (export "four")
    (param $x i32) (param $step i32) (param $h i32) (param $taps i32) (param $out i32) (param $stride i32)
    (local $end i32) (local $x1 i32) (local $x2 i32) (local $x3 i32) (local $v v128)
    (local $a v128) (local $b v128) (local $c v128) (local $d v128)
    (local $a1 v128) (local $b1 v128) (local $c1 v128) (local $d1 v128)
    (local.set $x1 (i32.add (local.get $x) (local.get $step)))
    (local.set $x2 (i32.add (local.get $x1) (local.get $step)))
    (local.set $x3 (i32.add (local.get $x2) (local.get $step)))
    (local.set $end (i32.add (local.get $h) (i32.shl (local.get $taps) (i32.const 2))))
    (loop $more
      (local.set $v (v128.load (local.get $h)))
      (local.set $a (f32x4.add (local.get $a)
        (f32x4.mul (v128.load (local.get $x)) (local.get $v))))
      (local.set $b (f32x4.add (local.get $b)
        (f32x4.mul (v128.load (local.get $x1)) (local.get $v))))
      (local.set $c (f32x4.add (local.get $c)
        (f32x4.mul (v128.load (local.get $x2)) (local.get $v))))
      (local.set $d (f32x4.add (local.get $d)
        (f32x4.mul (v128.load (local.get $x3)) (local.get $v))))
      (local.set $v (v128.load offset=16 (local.get $h)))
      (local.set $a1 (f32x4.add (local.get $a1)
        (f32x4.mul (v128.load offset=16 (local.get $x)) (local.get $v))))
      (local.set $b1 (f32x4.add (local.get $b1)
        (f32x4.mul (v128.load offset=16 (local.get $x1)) (local.get $v))))
      (local.set $c1 (f32x4.add (local.get $c1)
        (f32x4.mul (v128.load offset=16 (local.get $x2)) (local.get $v))))
      (local.set $d1 (f32x4.add (local.get $d1)
        (f32x4.mul (v128.load offset=16 (local.get $x3)) (local.get $v))))
      (local.set $x (i32.add (local.get $x) (i32.const 32)))
      (local.set $x1 (i32.add (local.get $x1) (i32.const 32)))
      (local.set $x2 (i32.add (local.get $x2) (i32.const 32)))
      (local.set $x3 (i32.add (local.get $x3) (i32.const 32)))
      (br_if $more (i32.lt_u
        (local.tee $h (i32.add (local.get $h) (i32.const 32))) (local.get $end))))
    (call $store (local.get $out) (local.get $a) (local.get $a1))
    (local.set $out (i32.add (local.get $out) (local.get $stride)))
    (call $store (local.get $out) (local.get $b) (local.get $b1))
    (local.set $out (i32.add (local.get $out) (local.get $stride)))
    (call $store (local.get $out) (local.get $c) (local.get $c1))
    (local.set $out (i32.add (local.get $out) (local.get $stride)))
    (call $store (local.get $out) (local.get $d) (local.get $d1))))
