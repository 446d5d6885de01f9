using HunyuanOrleans.Model.Checkpoints;

namespace HunyuanOrleans.Model.Adapters;

/// <summary>A projection that adapters may change.</summary>
public enum AdaptedProjection
{
    /// <summary>q_proj.</summary>
    Query,

    /// <summary>k_proj.</summary>
    Key,

    /// <summary>v_proj.</summary>
    Value,

    /// <summary>o_proj.</summary>
    Output,

    /// <summary>gate_proj of the plain or shared MLP, or of an expert.</summary>
    Gate,

    /// <summary>up_proj of the plain or shared MLP, or of an expert.</summary>
    Up,

    /// <summary>down_proj of the plain or shared MLP, or of an expert.</summary>
    Down,
}

/// <summary>The place of a module in a model.</summary>
/// <param name="Name">Its name, such as <c>model.layers.3.self_attn.q_proj</c>.</param>
/// <param name="Layer">Layer number.</param>
/// <param name="Expert">Number of the routed expert; -1 for attention and for the plain or shared MLP.</param>
/// <param name="Projection">The projection.</param>
/// <param name="Outputs">Rows of its weight.</param>
/// <param name="Inputs">Columns of its weight.</param>
public sealed record AdaptedPlace(string Name, int Layer, int Expert, AdaptedProjection Projection, int Outputs, int Inputs);

/// <summary>A module that an adapter changes: W becomes W + scale * B A.</summary>
/// <param name="Place">The module.</param>
/// <param name="A">[rank, inputs].</param>
/// <param name="B">[outputs, rank].</param>
/// <param name="Scale">The factor.</param>
public sealed record LoraModule(AdaptedPlace Place, TensorView A, TensorView B, float Scale)
{
    /// <summary>The rank.</summary>
    public int Rank => (int)A.Shape[0];
}
