namespace HunyuanOrleans.Model.Checkpoints;

/// <summary>A tensor whose shape and type are checked, with its scales if it is quantised.</summary>
internal readonly record struct FoundTensor(TensorView Tensor, StoredScales? Scales)
{
    /// <summary>A range of the tensor's rows.</summary>
    public RowRange Rows(int first, int count) => new(Tensor, first, count) { Scales = Scales };
}
