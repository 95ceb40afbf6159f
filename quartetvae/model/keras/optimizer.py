"""Adam, one kernel per weight under TensorFlow."""

from typing import Any

import keras


@keras.saving.register_keras_serializable("quartetvae")
class Adam(keras.optimizers.Adam):
    """Adam (Kingma & Ba 2015), or AdamW (Loshchilov & Hutter 2019) with `weight_decay`, as Keras has it.

    Under TensorFlow a weight is updated by its fused kernel in place of a dozen operations: for a small network those
    take as long as its gradients. Raises `ValueError` for `amsgrad`, which that kernel does not have.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.amsgrad:
            raise ValueError("amsgrad found; this Adam has none. Take Keras' own.")

    def apply(self, grads: Any, trainable_variables: Any = None) -> None:
        """Update all weights by their gradients."""
        if keras.backend.backend() == "tensorflow":
            import tensorflow as tf

            # An embedding's names a row as often as a batch does. Clipping would measure each by itself, not their sum.
            grads = [tf.convert_to_tensor(gradient) for gradient in grads]
        super().apply(grads, trainable_variables)

    def update_step(self, gradient: Any, variable: Any, learning_rate: Any) -> None:
        """Update a weight and its two moments."""
        if keras.backend.backend() != "tensorflow":
            super().update_step(gradient, variable, learning_rate)
            return
        import tensorflow as tf

        at = self._get_variable_index(variable)
        momentum, velocity = self._momentums[at].value, self._velocities[at].value
        step = tf.cast(self.iterations + 1, variable.dtype)
        tf.raw_ops.ResourceApplyAdam(
            var=variable.handle,
            m=momentum.handle,
            v=velocity.handle,
            beta1_power=tf.pow(tf.cast(self.beta_1, step.dtype), step),
            beta2_power=tf.pow(tf.cast(self.beta_2, step.dtype), step),
            lr=learning_rate,
            beta1=self.beta_1,
            beta2=self.beta_2,
            epsilon=self.epsilon,
            grad=gradient,
        )
