using Microsoft.Extensions.Logging;

namespace HunyuanOrleans.Grains.Adapters;

/// <summary>Log messages about adapters.</summary>
internal static partial class AdapterLog
{
    [LoggerMessage(120, LogLevel.Warning, "Adapter {Adapter} of model {Model} could not be loaded.")]
    public static partial void CannotLoad(ILogger logger, string adapter, string model, Exception fault);

    [LoggerMessage(121, LogLevel.Information, "Adapter {Adapter} of model {Model} was added: {Bytes} bytes from {Folder}.")]
    public static partial void Added(ILogger logger, string adapter, string model, long bytes, string folder);

    [LoggerMessage(122, LogLevel.Information, "Adapter {Adapter} of model {Model} was removed.")]
    public static partial void Removed(ILogger logger, string adapter, string model);

    [LoggerMessage(124, LogLevel.Debug, "Silo {Silo} did not tell which adapters of model {Model} it can use: {Reason}")]
    public static partial void NotExchanged(ILogger logger, string silo, string model, string reason);

    [LoggerMessage(125, LogLevel.Error, "This silo takes no part in model {Model} unless no other silo can use adapter {Adapter} either: {Reason}")]
    public static partial void CannotUse(ILogger logger, string adapter, string model, string reason);

    [LoggerMessage(123, LogLevel.Warning, "Adapter {Adapter} of model {Model}, with which silo {Silo} was started, is not served: {Reason}")]
    public static partial void NotAdmitted(ILogger logger, string adapter, string model, string silo, string reason);
}
