using HunyuanOrleans.Server.Http;

namespace HunyuanOrleans.Server.Hosting;

/// <summary>Holds the served model: the host's loader sets it, and the endpoints read it. Thread-safe.</summary>
public sealed class ModelSlot
{
    private volatile ServedModel? _model;
    private volatile ModelReadiness? _readiness;
    private volatile string? _failure;
    private readonly TaskCompletionSource _settled = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The model; null while it is loading and after it was cleared.</summary>
    public ServedModel? Model => _model;

    /// <summary>Whether the model can answer now; null as long as the host reports nothing, which means that it can once it is set.</summary>
    public ModelReadiness? Readiness
    {
        get => _readiness;
        set => _readiness = value;
    }

    /// <summary>Whether requests can be answered now.</summary>
    public bool IsReady => _model is not null && _readiness?.Problem is null;

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

    /// <summary>Returns the model, which may not be able to answer yet.</summary>
    /// <exception cref="ApiException">The model is not known yet.</exception>
    internal ServedModel Require() => _model ?? throw (
        _failure is { } failure ? ApiException.Unavailable("model_not_ready", $"The model could not be loaded: {failure}")
        : _readiness is { Problem: not null } readiness ? readiness.ToError()
        : ApiException.Unavailable("model_not_ready", "The model is loading. Try again soon."));

    /// <summary>Returns the model for a request that it has to answer.</summary>
    /// <exception cref="ApiException">The model cannot answer now. The message says how far it is loaded, and the error when to try again.</exception>
    internal ServedModel RequireReady()
    {
        ServedModel model = Require();
        return _readiness is { Problem: not null } readiness ? throw readiness.ToError() : model;
    }
}
