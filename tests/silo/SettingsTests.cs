using System.Collections;
using HunyuanOrleans.Engine.Placement;
using HunyuanOrleans.Grains.Hosting;
using HunyuanOrleans.Silo.Clustering;
using HunyuanOrleans.Silo.Http;
using HunyuanOrleans.Silo.Settings;
using HunyuanOrleans.TestSupport;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Xunit;

namespace HunyuanOrleans.Silo.Tests;

public sealed class SettingsTests
{
    [Fact]
    public void The_defaults_are_valid()
    {
        HostSettings settings = Read();
        Assert.Equal(SiloRole.Any, settings.Silo.Role);
        Assert.Equal(11111, settings.Silo.SiloPort);
        Assert.Equal(ClusteringKind.Localhost, settings.Clustering.Kind);
        Assert.False(settings.Tls.Enabled);
        Assert.True(settings.Tls.RequireClientCertificates);
    }

    [Theory]
    [InlineData("--silo-port 0", "--silo-port", "is 0", "1 to 65535")]
    [InlineData("--silo-port many", "HUNYUAN_SILO_PORT", "'many'", "a whole number")]
    [InlineData("--gateway-port 11111", "--gateway-port", "another port")]
    [InlineData("--role boss", "--role", "'boss'", "any, attention, experts, gateway")]
    [InlineData("--role 3", "--role", "'3'", "gateway")]
    [InlineData("--device tpu", "--device", "tpu", "h200")]
    [InlineData("--memory much", "--memory", "much", "80GB")]
    [InlineData("--model /nowhere", "--model", "/nowhere", "config.json")]
    [InlineData("--model-name a|b", "--model-name", "without |")]
    [InlineData("--kv-tokens 3", "--kv-tokens", "32 to")]
    [InlineData("--kv f32", "--kv, HUNYUAN_KV", "is f32", "bf16, int8 or fp8")]
    [InlineData("--threads -1", "--threads", "0 to 1024")]
    [InlineData("--mtp-tokens 2", "--mtp-tokens, HUNYUAN_MTP_TOKENS", "is 2", "off, because clusters do not run layers for multi-token prediction")]
    [InlineData("--urls localhost:80", "--urls", "http://127.0.0.1:8080")]
    [InlineData("--shutdown-grace 0", "--shutdown-grace", "0.1 to 3600")]
    [InlineData("--request-deadline 10", "--request-deadline", "more than the step deadline")]
    [InlineData("--session-idle 0", "--session-idle", "1 to 864000")]
    [InlineData("--rebalance 0.5", "--rebalance", "0, or 1")]
    [InlineData("--max-sequences 0", "--max-sequences", "is 0", "1 to as many as --max-batch-tokens")]
    [InlineData("--max-sequences 513", "--max-sequences", "is 513", "1 to as many as --max-batch-tokens")]
    [InlineData("--max-sequences many", "--max-sequences", "a whole number")]
    [InlineData("--link fast", "--link, HUNYUAN_LINK", "is fast", "LATENCY[,BANDWIDTH]")]
    [InlineData("--time-scale 0", "--time-scale", "0.001 to 1000")]
    [InlineData("--response-timeout NaN", "--response-timeout", "a number")]
    [InlineData("--pin-threads perhaps", "--pin-threads", "true or false")]
    [InlineData("--otlp-endpoint collector", "--otlp-endpoint", "http://localhost:4317")]
    [InlineData("--clustering postgres", "--connection-string", "not given", "postgres")]
    [InlineData("--primary-endpoint here", "--primary-endpoint", "127.0.0.1:11111")]
    [InlineData("--cluster-id=", "--cluster-id", "1 to 150")]
    [InlineData("--probe-timeout 0", "--probe-timeout", "0.1 to 60")]
    [InlineData("--missed-probes 0", "--missed-probes", "1 to 100")]
    [InlineData("--votes 0", "--votes", "1 to 10")]
    [InlineData("--tls-certificate /nowhere.pem", "--tls-certificate", "/nowhere.pem")]
    [InlineData("--tls-host-name silo", "--tls-host-name", "nothing without a certificate")]
    [InlineData("--tls-certificate /dev/null", "--tls-authority", "with neither, any certificate that this machine trusts could join")]
    [InlineData("--speed 9", "--speed")]
    [InlineData("--zone", "--zone", "lacks its value")]
    [InlineData("--zone --name a", "--zone", "lacks its value")]
    [InlineData("--zone --speed", "--zone", "lacks its value")]
    [InlineData("--pin-threads --speed", "--speed is not an option")]
    [InlineData("--lora terse", "--lora", "terse", "names with folders, such as terse=adapters/terse")]
    [InlineData("--lora =a", "--lora", "names with folders")]
    [InlineData("--lora a=", "--lora", "names with folders")]
    [InlineData("--lora a=b --lora a=c", "--lora", "each name once")]
    [InlineData("--lora a=b;c=d", "one of its values has a ;")]
    [InlineData("--lora a=b --lora", "--lora lacks")]
    [InlineData("--lora-memory lots", "--lora-memory", "lots", "an amount such as")]
    [InlineData("--zone a b", "'b' is not an option")]
    [InlineData("--speed=9", "--speed is not an option")]
    [InlineData("serve", "'serve'")]
    [InlineData("--settings /nowhere.json", "/nowhere.json")]
    public void Wrong_settings_are_reported(string flags, params string[] parts)
    {
        var failed = Assert.Throws<SettingsException>(() => Read(flags.Split(' ')));
        Assert.All(parts, part => Assert.Contains(part, failed.Message, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("postgres")]
    [InlineData("redis")]
    public void An_unreadable_connection_string_is_reported_without_its_text(string clustering)
    {
        const string Secret = "a-secret-word";
        var failed = Assert.Throws<SettingsException>(() => Read("--clustering", clustering, "--connection-string", $"no-such-keyword={Secret}"));
        Assert.Contains("--connection-string", failed.Message, StringComparison.Ordinal);
        Assert.DoesNotContain(Secret, failed.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_request_deadline_counts_for_requests_over_HTTP()
    {
        SiloSettings settings = Read("--model", TestPaths.DemoModel, "--request-deadline", "90").Silo;
        ModelSettings model = Assert.Single(SiloResources.Models(settings, static _ => { }, gpu: null));
        Assert.Equal(TimeSpan.FromSeconds(90), ClusterModelService.ClientOptions(model, settings).Deadline);
    }

    [Fact]
    public void Options_are_given_with_a_space_or_an_equals_sign_and_the_last_one_counts()
    {
        SiloSettings settings = Read("--pin-threads", "false", "--pin-threads", "--zone=a", "--zone", "b:c=d", "--quant=", "--name", "@a").Silo;
        Assert.Equal((true, "b:c=d", "", "@a"), (settings.PinThreads, settings.Zone, settings.Quant, settings.Name));
    }

    [Fact]
    public void Adapters_are_given_one_by_one_or_as_a_list()
    {
        SiloSettings settings = Read("--lora", "a=x", "--lora=b=y=z").Silo;
        Assert.Equal("a=x;b=y=z", settings.Lora);
        static string Text(HostSettings read) => string.Join(' ', LoraList.Parse(read.Silo.Lora)!.Select(static adapter => $"{adapter.Key}:{adapter.Value}").Order(StringComparer.Ordinal));
        string expected = $"a:{Path.GetFullPath("x")} b:{Path.GetFullPath("y=z")}";
        Assert.Equal(expected, Text(Read("--lora", "a=x", "--lora=b=y=z")));
        Assert.Equal(expected, Text(Read(new Hashtable { ["HUNYUAN_LORA"] = " a=x; b=y=z;" })));
        Assert.Equal("", Text(Read("--zone", "a")));
    }

    [Fact]
    public void Adapters_take_a_part_of_the_memory()
    {
        static (long Adapters, long Announced) Sizes(params string[] flags)
        {
            SiloSettings settings = Read(["--memory", "16GB", .. flags]).Silo;
            return (SiloResources.AdapterBytes(settings, gpu: null), SiloResources.Capacity(settings, gpu: null).MemoryBytes);
        }

        Assert.Equal((0, 16_000_000_000), Sizes());
        Assert.Equal((2_000_000_000, 14_000_000_000), Sizes("--lora", "a=x"));
        Assert.Equal((3_000_000_000, 13_000_000_000), Sizes("--lora-memory", "3GB"));
        Assert.Equal(4L << 30, Sizes("--memory", "100GB", "--lora", "a=x").Adapters);
        Assert.Contains("--lora-memory", Assert.Throws<SettingsException>(() => Sizes("--lora-memory", "16GB")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void All_problems_are_reported_at_once()
    {
        var failed = Assert.Throws<SettingsException>(() => Read("--silo-port", "0", "--votes", "0"));
        Assert.Equal(2, failed.Message.Split('\n').Length);
    }

    [Fact]
    public void Options_override_the_environment_which_overrides_the_file()
    {
        using TempFile file = new("""{ "Silo": { "Zone": "file", "Memory": "1GB", "Device": "h20" }, "Clustering": { "Votes": 3 } }""");
        Hashtable environment = new() { ["HUNYUAN_ZONE"] = "environment", ["HUNYUAN_MEMORY"] = "2GB", ["HUNYUAN_ISA"] = "portable" };
        HostSettings settings = Read(environment, "--settings", file.Path, "--zone", "flag", "--pin-threads=false");
        Assert.Equal(("flag", "2GB", "h20"), (settings.Silo.Zone, settings.Silo.Memory, settings.Silo.Device));
        Assert.Equal(3, settings.Clustering.Votes);
        Assert.False(settings.Silo.PinThreads);
    }

    [Fact]
    public void A_file_with_an_unknown_setting_is_refused()
    {
        using TempFile file = new("""{ "Silo": { "Sone": "a" } }""");
        Assert.Contains("Silo:Sone", Assert.Throws<SettingsException>(() => Read("--settings", file.Path)).Message);
    }

    [Fact]
    public void Help_names_every_setting_once()
    {
        StringWriter help = new();
        SiloCommandLine.WriteHelp(help);
        string[] lines = help.ToString().Split('\n');
        Assert.All(SettingTable.All, setting => Assert.Single(lines, line => line.StartsWith($"  --{setting.Flag.Name} ", StringComparison.Ordinal)));
        Assert.Equal(SettingTable.All.Count, SettingTable.All.Select(setting => setting.Flag.Name).Distinct().Count());
        foreach ((_, Type type) in SettingTable.Sections)
        {
            Assert.All(type.GetProperties().Where(property => property.CanWrite), property => SettingTable.Of(type, property.Name));
        }
    }

    [Fact]
    public void Options_are_checked_when_the_host_starts()
    {
        ConfigurationManager configuration = new();
        configuration["Silo:SiloPort"] = "70000";
        ServiceCollection services = new();
        services.AddHostSettings(configuration);
        using ServiceProvider provider = services.BuildServiceProvider();
        var failed = Assert.Throws<OptionsValidationException>(() => provider.GetRequiredService<IStartupValidator>().Validate());
        Assert.Contains("70000", failed.Message);
    }

    [Fact]
    public void An_existing_model_folder_is_accepted() => Assert.NotNull(Read("--model", Path.Combine(TestPaths.Root, "demo-model")).Silo.Model);

    internal static HostSettings Read(params string[] flags) => Read(new Hashtable(), flags);

    private static HostSettings Read(Hashtable environment, params string[] flags)
    {
        ConfigurationManager configuration = new();
        configuration.AddHostSettings(SiloCommandLine.Parse(flags), environment);
        return HostSettings.Read(configuration);
    }

    private sealed class TempFile : IDisposable
    {
        public TempFile(string text)
        {
            Path = System.IO.Path.GetTempFileName();
            File.WriteAllText(Path, text);
        }

        public string Path { get; }

        public void Dispose() => File.Delete(Path);
    }
}
