namespace HunyuanOrleans.Model.Configuration;

/// <summary>How rotary frequencies are scaled.</summary>
public enum RopeScaling
{
    /// <summary>Plain frequencies <c>theta^(-2i/d)</c>.</summary>
    None,

    /// <summary>The base becomes <c>theta * alpha^(d/(d-2))</c>, whatever the length ("dynamic" with an alpha).</summary>
    Alpha,

    /// <summary>Positions are divided by the factor.</summary>
    Linear,

    /// <summary>The base grows by the factor once the length passes the maximum position ("dynamic" without an alpha).</summary>
    Dynamic,
}

/// <summary>
/// The rotary part of a config, already decided between the scalings. Does not know how the tables are rounded or stored.
/// </summary>
/// <param name="Scaling">Which of the formulas holds.</param>
/// <param name="Theta">Base of the frequencies, positive.</param>
/// <param name="Factor">Scaling factor of <see cref="RopeScaling.Linear"/> and <see cref="RopeScaling.Dynamic"/>, at least 1; else 1.</param>
/// <param name="Alpha">The alpha of <see cref="RopeScaling.Alpha"/>, positive; else 0.</param>
/// <param name="MaxPositions">The config's max_position_embeddings, which <see cref="RopeScaling.Dynamic"/> compares lengths with.</param>
public sealed record RopeSettings(RopeScaling Scaling, double Theta, double Factor, double Alpha, int MaxPositions);
