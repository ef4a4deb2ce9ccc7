use nalgebra::{Matrix3, Vector3};

/// Where a head or a photo is and how it is turned, as the camera sees it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pose {
    /// About the vertical axis in degrees, above zero to the person's own left: the nose moves to the image's right.
    pub yaw: f32,
    /// About the horizontal axis in degrees, above zero upwards.
    pub pitch: f32,
    /// In the image plane in degrees, above zero clockwise as seen in the image.
    pub roll: f32,
    /// To the image's right in cm.
    pub dx: f32,
    /// Down in the image in cm.
    pub dy: f32,
    /// From the camera in cm.
    pub distance: f32,
}

impl Pose {
    /// Arm's length of a laptop or a phone, in cm.
    pub const USUAL_DISTANCE: f32 = 45.0;

    /// Straight ahead, in the middle, at 45 cm.
    pub const AHEAD: Self =
        Self { yaw: 0.0, pitch: 0.0, roll: 0.0, dx: 0.0, dy: 0.0, distance: Self::USUAL_DISTANCE };

    /// Turned sideways by degrees.
    #[must_use]
    pub const fn yaw(yaw: f32) -> Self {
        Self { yaw, ..Self::AHEAD }
    }

    /// The same at another distance in cm.
    #[must_use]
    pub const fn at(self, distance: f32) -> Self {
        Self { distance, ..self }
    }

    /// The turn alone, by a share of its angles (1 for all of it).
    pub(crate) fn rotation(&self, share: f32) -> Matrix3<f32> {
        let [yaw, pitch, roll] = [self.yaw, self.pitch, self.roll].map(|angle| (angle * share).to_radians());
        let (sin, cos) = yaw.sin_cos();
        let yaw = Matrix3::new(cos, 0.0, -sin, 0.0, 1.0, 0.0, sin, 0.0, cos);
        let (sin, cos) = pitch.sin_cos();
        let pitch = Matrix3::new(1.0, 0.0, 0.0, 0.0, cos, sin, 0.0, -sin, cos);
        let (sin, cos) = roll.sin_cos();
        let roll = Matrix3::new(cos, -sin, 0.0, sin, cos, 0.0, 0.0, 0.0, 1.0);
        roll * yaw * pitch
    }

    /// Where the middle is, in cm from the camera: to the right, down, away.
    pub(crate) fn place(&self) -> Vector3<f32> {
        Vector3::new(self.dx, self.dy, self.distance)
    }

    /// Between this pose (0) and another (1).
    #[must_use]
    pub fn towards(&self, other: &Self, share: f32) -> Self {
        let mix = |a: f32, b: f32| a + (b - a) * share;
        Self {
            yaw: mix(self.yaw, other.yaw),
            pitch: mix(self.pitch, other.pitch),
            roll: mix(self.roll, other.roll),
            dx: mix(self.dx, other.dx),
            dy: mix(self.dy, other.dy),
            distance: mix(self.distance, other.distance),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_angle_turns_the_way_it_says() {
        let nose = Vector3::new(0.0, 0.0, -1.0);
        let turned = |pose: Pose| pose.rotation(1.0) * nose;
        assert!(turned(Pose::yaw(30.0)).x > 0.49, "to the image's right");
        assert!(turned(Pose { pitch: 30.0, ..Pose::AHEAD }).y < -0.49, "up");
        let right = Pose { roll: 30.0, ..Pose::AHEAD }.rotation(1.0) * Vector3::new(1.0, 0.0, 0.0);
        assert!(right.y > 0.49, "clockwise in the image");
    }
}
