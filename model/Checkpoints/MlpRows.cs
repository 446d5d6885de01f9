namespace HunyuanOrleans.Model.Checkpoints;

/// <summary>The matrices of one MLP: <c>down(silu(gate(x)) * up(x))</c>. Biases are null unless the config has mlp_bias.</summary>
/// <param name="Gate">[width, hidden].</param>
/// <param name="Up">[width, hidden].</param>
/// <param name="Down">[hidden, width].</param>
/// <param name="GateBias">[width, 1].</param>
/// <param name="UpBias">[width, 1].</param>
/// <param name="DownBias">[hidden, 1].</param>
public sealed record MlpRows(RowSource Gate, RowSource Up, RowSource Down, RowSource? GateBias, RowSource? UpBias, RowSource? DownBias);
