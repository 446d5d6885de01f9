namespace HunyuanOrleans.Silo.Hosting;

/// <summary>The silo cannot start here and now, for a reason that its operator can remove. The message is shown without a stack trace.</summary>
/// <param name="message">The reason and what to do.</param>
/// <param name="inner">The cause; null if it tells nothing more.</param>
public sealed class SiloStartException(string message, Exception? inner = null) : Exception(message, inner);
