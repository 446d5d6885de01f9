namespace HunyuanOrleans.Contracts.Grains;

/// <summary>A grain could not do what the call asked for. The message is for operators.</summary>
[GenerateSerializer, Alias("hunyuan.fault")]
public class GrainCallException(string message) : Exception(message);

/// <summary>The call belongs to a step or a scheduler that has been superseded by a later one.</summary>
[GenerateSerializer, Alias("hunyuan.stale")]
public sealed class StaleStepException(string message) : GrainCallException(message);

/// <summary>The silo does not hold the weights that the call needs.</summary>
[GenerateSerializer, Alias("hunyuan.notloaded")]
public sealed class NotLoadedException(string message) : GrainCallException(message);

/// <summary>The step extends a block table that the silo does not know.</summary>
[GenerateSerializer, Alias("hunyuan.session")]
public sealed class UnknownSessionException(string message) : GrainCallException(message);

/// <summary>Rows of a step that were sent ahead of it did not arrive, because the silo was restarted meanwhile.</summary>
[GenerateSerializer, Alias("hunyuan.rows")]
public sealed class RowsMissingException(string message) : GrainCallException(message);

/// <summary>An expert group could not be reached in time.</summary>
[GenerateSerializer, Alias("hunyuan.experts")]
public sealed class ExpertsUnavailableException(string message) : GrainCallException(message);

/// <summary>A silo cannot load an adapter that a step needs. No repetition of the call succeeds, and other adapters are not concerned.</summary>
[GenerateSerializer, Alias("hunyuan.adapter.unavailable")]
public sealed class AdapterUnavailableException(string message) : Exception(message)
{
    /// <summary>Digest of the adapter.</summary>
    [Id(0)]
    public string Digest { get; init; } = "";
}
