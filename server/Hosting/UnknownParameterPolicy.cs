namespace HunyuanOrleans.Server.Hosting;

/// <summary>What happens to a request with parameters that the server does not know.</summary>
public enum UnknownParameterPolicy
{
    /// <summary>They have no effect.</summary>
    Ignore,

    /// <summary>They have no effect, and the response header x-unknown-parameters lists them.</summary>
    Warn,

    /// <summary>The request is answered 400.</summary>
    Refuse,
}
