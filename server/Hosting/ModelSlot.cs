using HunyuanOrleans.Server.Http;

namespace HunyuanOrleans.Server.Hosting;

/// <summary>
/// Where the served model appears once it is loaded. Endpoints take it from here; whoever loads the model puts it in. Any thread.
/// </summary>
public sealed class ModelSlot
{
    private volatile ServedModel? _model;
    private volatile string? _failure;
    private readonly TaskCompletionSource _settled = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>The model; null while it is loading or after it was taken out.</summary>
    public ServedModel? Model => _model;

    /// <summary>Why loading failed; null where it did not.</summary>
    public string? Failure => _failure;

    /// <summary>Completes once a model was put in, or it is known that there will be none.</summary>
    public Task Settled => _settled.Task;

    /// <summary>Puts a loaded model in.</summary>
    public void Set(ServedModel model)
    {
        _model = model;
        _settled.TrySetResult();
    }

    /// <summary>Takes the model out: requests that come later are answered 503.</summary>
    public void Clear() => _model = null;

    /// <summary>Says that there will be no model.</summary>
    /// <param name="message">Why, for users.</param>
    public void Fail(string message)
    {
        _failure = message;
        _settled.TrySetResult();
    }

    /// <summary>The model.</summary>
    /// <exception cref="ApiException">It is not there.</exception>
    internal ServedModel Require() => _model ?? throw ApiException.Unavailable(
        "model_not_ready", _failure is null ? "The model is loading. Try again soon." : $"The model could not be loaded: {_failure}");
}
