namespace HunyuanOrleans.Train.Layers;

/// <summary>The weights of down(silu(gate(x)) * up(x)).</summary>
/// <param name="Gate">[width, hidden].</param>
/// <param name="Up">[width, hidden].</param>
/// <param name="Down">[hidden, width].</param>
public sealed record Mlp(Linear Gate, Linear Up, Linear Down)
{
    /// <summary>Number of intermediate values.</summary>
    public int Width => Gate.Forward.Rows;
}
