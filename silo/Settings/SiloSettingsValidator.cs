using HunyuanOrleans.Cuda.Operations;
using HunyuanOrleans.Engine.Placement;
using HunyuanOrleans.Engine.Speculation;
using HunyuanOrleans.Grains.Hosting;
using HunyuanOrleans.Grains.Links;
using HunyuanOrleans.Model.Configuration;
using HunyuanOrleans.Model.Loading;
using HunyuanOrleans.Model.Quantization;

namespace HunyuanOrleans.Silo.Settings;

/// <summary>Validates <see cref="SiloSettings"/>.</summary>
public sealed class SiloSettingsValidator : SettingsValidator<SiloSettings>
{
    private protected override void Validate(SiloSettings s, SettingProblems problems)
    {
        problems.Require(s.Model is null || ModelConfig.Exists(s.Model), nameof(s.Model), s.Model, "a folder with a model's config.json, or a GGUF file");
        problems.Require(s.ModelName is null || (s.ModelName.Trim().Length > 0 && s.ModelName.AsSpan().IndexOfAny('|', '@') < 0),
            nameof(s.ModelName), s.ModelName, "a name without | and @");
        problems.Require(string.IsNullOrEmpty(s.Quant) || QuantFormats.Names.Contains(s.Quant), nameof(s.Quant), s.Quant, string.Join(", ", QuantFormats.Names));
        bool simulated = DeviceCatalog.FindSimulated(s.Device) is not null;
        problems.Require(simulated || CudaDeviceChoice.IsName(s.Device) || DeviceCatalog.Names.Contains(s.Device, StringComparer.OrdinalIgnoreCase),
            nameof(s.Device), s.Device, $"{string.Join(", ", DeviceCatalog.Names)}, {CudaDeviceChoice.NameForm}, {DeviceCatalog.SimulatedForms}");
        problems.Require(simulated ? s.ExpertSkew is >= 0 and <= 10 : s.ExpertSkew == 0, nameof(s.ExpertSkew), s.ExpertSkew, "0 to 10 if the device is simulated, else 0");
        problems.Require(s.Memory is null || MemorySize.Parse(s.Memory) is not null, nameof(s.Memory), s.Memory, $"an amount such as {MemorySize.Examples}");
        problems.Require(LoraList.Parse(s.Lora) is not null, nameof(s.Lora), s.Lora, "names with folders, such as terse=adapters/terse, each name once");
        problems.Require(s.LoraMemory is null || MemorySize.Parse(s.LoraMemory) is not null, nameof(s.LoraMemory), s.LoraMemory, $"an amount such as {MemorySize.Examples}");
        problems.Require(s.Threads is >= 0 and <= 1024, nameof(s.Threads), s.Threads, "0 to 1024");
        problems.Require(s.MaxModelLen is >= 0 and <= ModelOptions.MostModelLength, nameof(s.MaxModelLen), s.MaxModelLen, $"0 to {ModelOptions.MostModelLength}");
        problems.Require(s.KvTokens is >= 32 and <= 1 << 30, nameof(s.KvTokens), s.KvTokens, "32 to 2^30");
        problems.Require(s.Kv.ToLowerInvariant() is "bf16" or "int8" or "fp8", nameof(s.Kv), s.Kv, "bf16, int8 or fp8");
        problems.Require(s.MaxBatchTokens is >= 1 and <= 65536, nameof(s.MaxBatchTokens), s.MaxBatchTokens, "1 to 65536");
        problems.Require(s.StepsInFlight is >= 1 and <= ModelOptions.MaxStepsInFlight, nameof(s.StepsInFlight), s.StepsInFlight, $"1 to {ModelOptions.MaxStepsInFlight}");
        problems.Require(s.DecodeSteps is null || (s.DecodeSteps >= 1 && s.DecodeSteps <= s.StepsInFlight), nameof(s.DecodeSteps), s.DecodeSteps, "1 to as many as --steps-in-flight");
        problems.Require(s.MaxSequences is null || (s.MaxSequences >= 1 && s.MaxSequences <= s.MaxBatchTokens),
            nameof(s.MaxSequences), s.MaxSequences, "1 to as many as --max-batch-tokens");
        problems.Require(SpeculationOptions.Parse(s.SpeculativeTokens) is not null, nameof(s.SpeculativeTokens), s.SpeculativeTokens, SpeculationOptions.Forms);
        problems.Require(s.MtpTokens.Equals("off", StringComparison.OrdinalIgnoreCase), nameof(s.MtpTokens), s.MtpTokens,
            "off, because clusters do not run layers for multi-token prediction; hunyuan serve does, with the whole model in one process");
        problems.Require(s.SiloPort is >= 1 and <= 65535, nameof(s.SiloPort), s.SiloPort, "1 to 65535");
        problems.Require(s.GatewayPort is >= 0 and <= 65535, nameof(s.GatewayPort), s.GatewayPort, "0 to 65535");
        problems.Require(s.GatewayPort != s.SiloPort, nameof(s.GatewayPort), s.GatewayPort, "another port than the silo port");
        problems.Require(UrlsAreHttp(s.Urls), nameof(s.Urls), s.Urls, "addresses such as http://127.0.0.1:8080, separated by semicolons");
        problems.Require(s.ShutdownGraceSeconds is >= 0.1 and <= 3600, nameof(s.ShutdownGraceSeconds), s.ShutdownGraceSeconds, "0.1 to 3600");
        problems.Require(s.ResponseTimeoutSeconds is >= 0.1 and <= 3600, nameof(s.ResponseTimeoutSeconds), s.ResponseTimeoutSeconds, "0.1 to 3600");
        problems.Require(s.StepDeadlineSeconds is >= 0.1 and <= 86400, nameof(s.StepDeadlineSeconds), s.StepDeadlineSeconds, "0.1 to 86400");
        problems.Require(s.RequestDeadlineSeconds is >= 0.1 and <= 86400 && s.RequestDeadlineSeconds > s.StepDeadlineSeconds,
            nameof(s.RequestDeadlineSeconds), s.RequestDeadlineSeconds, "0.1 to 86400, and more than the step deadline");
        problems.Require(s.SessionIdleSeconds is >= 1 and <= 864000, nameof(s.SessionIdleSeconds), s.SessionIdleSeconds, "1 to 864000");
        problems.Require(s.MinSilos is >= 1 and <= 10_000, nameof(s.MinSilos), s.MinSilos, "1 to 10000");
        problems.Require(s.RebalanceSeconds is 0 or (>= 1 and <= 86400), nameof(s.RebalanceSeconds), s.RebalanceSeconds, "0, or 1 to 86400");
        problems.Require(string.IsNullOrEmpty(s.Link) || LinkSpeed.Parse(s.Link) is not null, nameof(s.Link), s.Link, LinkSpeed.Allowed);
        problems.Require(s.TimeScale is >= HunyuanSiloOptions.MinTimeScale and <= HunyuanSiloOptions.MaxTimeScale, nameof(s.TimeScale), s.TimeScale, "0.001 to 1000");
        problems.Require(string.IsNullOrEmpty(s.OtlpEndpoint) || IsHttp(s.OtlpEndpoint), nameof(s.OtlpEndpoint), s.OtlpEndpoint, "an address such as http://localhost:4317");
    }

    // Kestrel accepts + and * for all addresses. They are not valid host names in a Uri.
    private static bool UrlsAreHttp(string urls) =>
        urls.Split(';', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) is { Length: > 0 } parts
        && parts.All(static url => IsHttp(url.Replace("://+", "://any", StringComparison.Ordinal).Replace("://*", "://any", StringComparison.Ordinal)));

    private static bool IsHttp(string url) =>
        Uri.TryCreate(url, UriKind.Absolute, out Uri? uri) && (uri.Scheme == Uri.UriSchemeHttp || uri.Scheme == Uri.UriSchemeHttps);
}
