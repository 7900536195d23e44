//! One augmentation after another.

use super::Augment;
use crate::random::Stream;
use bytemuck::zeroed_box;

/// (An image in between lies on the heap, because it may be big.)
impl<X, A, B> Augment<X> for (A, B)
where
    A: Augment<X>,
    B: Augment<A::Output>,
{
    type Output = B::Output;

    fn augment(&self, image: &X, out: &mut Self::Output, random: &mut Stream) {
        let mut between = zeroed_box();
        self.0.augment(image, &mut between, random);
        self.1.augment(&between, out, random);
    }
}

impl<X, A, B, C> Augment<X> for (A, B, C)
where
    A: Augment<X>,
    B: Augment<A::Output>,
    C: Augment<B::Output>,
{
    type Output = C::Output;

    fn augment(&self, image: &X, out: &mut Self::Output, random: &mut Stream) {
        let mut between = zeroed_box();
        self.0.augment(image, &mut between, random);
        (&self.1, &self.2).augment(&between, out, random);
    }
}

impl<X, A, B, C, D> Augment<X> for (A, B, C, D)
where
    A: Augment<X>,
    B: Augment<A::Output>,
    C: Augment<B::Output>,
    D: Augment<C::Output>,
{
    type Output = D::Output;

    fn augment(&self, image: &X, out: &mut Self::Output, random: &mut Stream) {
        let mut between = zeroed_box();
        self.0.augment(image, &mut between, random);
        (&self.1, &self.2, &self.3).augment(&between, out, random);
    }
}

impl<X, A: Augment<X>> Augment<X> for &A {
    type Output = A::Output;

    fn augment(&self, image: &X, out: &mut Self::Output, random: &mut Stream) {
        (**self).augment(image, out, random);
    }
}
