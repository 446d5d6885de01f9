namespace HunyuanOrleans.Model.Configuration;

/// <summary>The scaling of rotary frequencies.</summary>
public enum RopeScaling
{
    /// <summary>Plain frequencies <c>theta^(-2i/d)</c>.</summary>
    None,

    /// <summary>The base is <c>theta * alpha^(d/(d-2))</c> at every length ("dynamic" with an alpha).</summary>
    Alpha,

    /// <summary>Positions are divided by the factor.</summary>
    Linear,

    /// <summary>The base grows with the length once it exceeds the maximum position ("dynamic" without an alpha).</summary>
    Dynamic,
}

/// <summary>
/// The settings of the rotary embedding, with the scaling resolved to one formula. It does not know how angles are rounded.
/// </summary>
/// <param name="Scaling">The formula to use.</param>
/// <param name="Theta">Base of the frequencies, positive.</param>
/// <param name="Factor">
/// Scaling factor of <see cref="RopeScaling.Linear"/> and <see cref="RopeScaling.Dynamic"/>, at least 1; else 1.
/// </param>
/// <param name="Alpha">The alpha of <see cref="RopeScaling.Alpha"/>, positive; else 0.</param>
/// <param name="MaxPositions">The config's max_position_embeddings, which <see cref="RopeScaling.Dynamic"/> compares lengths with.</param>
public sealed record RopeSettings(RopeScaling Scaling, double Theta, double Factor, double Alpha, int MaxPositions);
