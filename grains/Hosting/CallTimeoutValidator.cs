using Microsoft.Extensions.Options;
using Orleans.Configuration;

namespace HunyuanOrleans.Grains.Hosting;

/// <summary>
/// Checks that the response timeout leaves time for the largest message: Orleans would otherwise end calls that the silo's own timeouts still allow.
/// </summary>
/// <param name="silo">The silo's own timeouts.</param>
internal sealed class CallTimeoutValidator(HunyuanSiloOptions silo) : IValidateOptions<SiloMessagingOptions>
{
    /// <inheritdoc/>
    public ValidateOptionsResult Validate(string? name, SiloMessagingOptions options)
    {
        TimeSpan longest = silo.LongestCallTimeout;
        return options.ResponseTimeout > longest
            ? ValidateOptionsResult.Success
            : ValidateOptionsResult.Fail(
                $"The response timeout of calls is {options.ResponseTimeout}; allowed: more than {longest}, the time for {nameof(silo.ExpertCallTimeout)} and the largest messages.");
    }
}
