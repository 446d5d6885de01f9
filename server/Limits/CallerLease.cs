namespace HunyuanOrleans.Server.Limits;

/// <summary>A caller's request in progress.</summary>
internal sealed class CallerLease(Caller caller) : IDisposable
{
    private bool _left;

    /// <summary>Who asks.</summary>
    public Caller Caller => caller;

    /// <summary>Says how many tokens the request used.</summary>
    public void Charge(int tokens) => caller.Charge(tokens);

    /// <inheritdoc/>
    public void Dispose()
    {
        if (!_left)
        {
            _left = true;
            caller.Leave();
        }
    }
}
