namespace HunyuanOrleans.Grains.Messages;

/// <summary>Rows of a step that are too many for one message. They arrive before the step itself, in any order.</summary>
/// <param name="Epoch">Epoch of the step.</param>
/// <param name="Number">Number of the step.</param>
/// <param name="FirstRow">Number of the first row.</param>
/// <param name="Rows">The residual stream, float32 [rows, hidden].</param>
[GenerateSerializer, Immutable, Alias("hunyuan.step.rows")]
public sealed record StepRowsMessage(
    [property: Id(0)] long Epoch, [property: Id(1)] long Number, [property: Id(2)] int FirstRow, [property: Id(3)] RowBytes Rows);
