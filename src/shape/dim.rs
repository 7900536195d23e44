//! One dimension: a number as a type.

use core::ops::{Add, BitOr};
use generic_array::ArrayLength;
use typenum::{
    Add1, B0, B1, Bit, Or, U0, U1, U2, U3, U4, U5, U6, U7, U8, U9, U10, U11, U12, U13, U14, U15,
    U16, UInt, UTerm, Unsigned,
};

/// A number as a type: any unsigned number of `typenum`.
pub trait Dim: ArrayLength {
    /// How many elements a padded row of this many takes, as [`padded`](crate::rows::padded) says.
    type Padded: ArrayLength;
}

/// The numbers below 16, one by one.
macro_rules! small {
    ($($n:ty => $padded:ty),* $(,)?) => {
        $(impl Dim for $n { type Padded = $padded; })*
    };
}
small! {
    U0 => U1, U1 => U1, U2 => U2, U3 => U4, U4 => U4, U5 => U8, U6 => U8, U7 => U8, U8 => U8,
    U9 => U16, U10 => U16, U11 => U16, U12 => U16, U13 => U16, U14 => U16, U15 => U16,
}

type Times16<N> = UInt<UInt<UInt<UInt<N, B0>, B0>, B0>, B0>;

/// The numbers from 16 on: the last four bits are cut off, one is carried if any of them is set.
impl<H, B4, B3, B2, B1_, B0_> Dim for UInt<UInt<UInt<UInt<UInt<H, B4>, B3>, B2>, B1_>, B0_>
where
    Self: ArrayLength,
    B3: BitOr<B2>,
    Or<B3, B2>: BitOr<B1_>,
    Or<Or<B3, B2>, B1_>: BitOr<B0_>,
    UInt<H, B4>: Carry<Or<Or<Or<B3, B2>, B1_>, B0_>>,
    Times16<<UInt<H, B4> as Carry<Or<Or<Or<B3, B2>, B1_>, B0_>>>::Out>: ArrayLength,
{
    type Padded = Times16<<UInt<H, B4> as Carry<Or<Or<Or<B3, B2>, B1_>, B0_>>>::Out>;
}

/// Adds one bit.
pub trait Carry<B> {
    /// The sum.
    type Out;
}
impl<N> Carry<B0> for N {
    type Out = N;
}
impl<N: Add<B1>> Carry<B1> for N {
    type Out = Add1<N>;
}

/// Appends a bit to a number, the way in which `sequential!` turns the value of a constant into a
/// type: 32 bits, the highest first.
pub trait Push<const BIT: bool> {
    /// Twice the number, plus the bit.
    type Out;
}
impl Push<false> for UTerm {
    type Out = UTerm;
}
impl Push<true> for UTerm {
    type Out = U1;
}
impl<U: Unsigned, B: Bit> Push<false> for UInt<U, B> {
    type Out = UInt<Self, B0>;
}
impl<U: Unsigned, B: Bit> Push<true> for UInt<U, B> {
    type Out = UInt<Self, B1>;
}

/// Whether bit `i` of `n` is set.
pub const fn bit(n: usize, i: u32) -> bool {
    (n >> i) & 1 == 1
}

/// A dimension that a type can hold: `n`, or 1 instead of one that is too large.
pub const fn fitting(n: usize) -> usize {
    if n >> 31 == 0 { n } else { 1 }
}

/// Refuses a dimension that a type could not hold.
#[track_caller]
pub const fn check_dimension(n: usize) {
    assert!(n >> 31 == 0, "a dimension must be below 2147483648");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rows::padded;
    use typenum::{U17, U31, U32, U33, U100, U784, U1000};

    #[test]
    fn the_padding_of_types_is_that_of_numbers() {
        fn agrees<N: Dim>() {
            assert_eq!(N::Padded::USIZE, padded(N::USIZE));
        }
        agrees::<U0>();
        agrees::<U1>();
        agrees::<U2>();
        agrees::<U3>();
        agrees::<U4>();
        agrees::<U5>();
        agrees::<U7>();
        agrees::<U8>();
        agrees::<U9>();
        agrees::<U15>();
        agrees::<U16>();
        agrees::<U17>();
        agrees::<U31>();
        agrees::<U32>();
        agrees::<U33>();
        agrees::<U100>();
        agrees::<U784>();
        agrees::<U1000>();
    }
}
