namespace HunyuanOrleans.Model.Checkpoints;

/// <summary>A tensor that is there as it should be, with its scales where it is quantised.</summary>
internal readonly record struct FoundTensor(TensorView Tensor, StoredScales? Scales)
{
    /// <summary>Some of its rows.</summary>
    public RowRange Rows(int first, int count) => new(Tensor, first, count) { Scales = Scales };
}
