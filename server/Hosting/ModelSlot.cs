using HunyuanOrleans.Server.Http;

namespace HunyuanOrleans.Server.Hosting;

/// <summary>Holds the served model: the host's loader sets it, and the endpoints read it. Thread-safe.</summary>
public sealed class ModelSlot
{
    private volatile ServedModel? _model;
    private volatile string? _failure;
    private readonly TaskCompletionSource _settled = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The model; null while it is loading and after it was cleared.</summary>
    public ServedModel? Model => _model;

    /// <summary>Why loading failed; null unless it did.</summary>
    public string? Failure => _failure;

    /// <summary>Completes when the model is set or loading has failed.</summary>
    public Task Settled => _settled.Task;

    /// <summary>Sets the loaded model.</summary>
    public void Set(ServedModel model)
    {
        _model = model;
        _settled.TrySetResult();
    }

    /// <summary>Removes the model. Later requests are answered 503.</summary>
    public void Clear() => _model = null;

    /// <summary>Records that the model could not be loaded.</summary>
    /// <param name="message">The reason, shown to users.</param>
    public void Fail(string message)
    {
        _failure = message;
        _settled.TrySetResult();
    }

    /// <summary>Returns the model.</summary>
    /// <exception cref="ApiException">The model is not loaded.</exception>
    internal ServedModel Require() => _model ?? throw ApiException.Unavailable(
        "model_not_ready", _failure is null ? "The model is loading. Try again soon." : $"The model could not be loaded: {_failure}");
}
