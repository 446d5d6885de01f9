namespace HunyuanOrleans.Grains.Contracts;

/// <summary>What a grain could not do, in words for operators.</summary>
[GenerateSerializer, Alias("hunyuan.fault")]
public class GrainCallException(string message) : Exception(message);

/// <summary>A later step, or a step of a later scheduler, was here already.</summary>
[GenerateSerializer, Alias("hunyuan.stale")]
public sealed class StaleStepException(string message) : GrainCallException(message);

/// <summary>Weights that the call needs are not on this silo.</summary>
[GenerateSerializer, Alias("hunyuan.notloaded")]
public sealed class NotLoadedException(string message) : GrainCallException(message);

/// <summary>The step builds on a block table that this silo does not know.</summary>
[GenerateSerializer, Alias("hunyuan.session")]
public sealed class UnknownSessionException(string message) : GrainCallException(message);

/// <summary>An expert group could not be reached in time.</summary>
[GenerateSerializer, Alias("hunyuan.experts")]
public sealed class ExpertsUnavailableException(string message) : GrainCallException(message);
