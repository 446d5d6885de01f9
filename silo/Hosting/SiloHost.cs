using HunyuanOrleans.Silo.Clustering;
using HunyuanOrleans.Server.Hosting;
using HunyuanOrleans.Server.Telemetry;
using HunyuanOrleans.Silo.Health;
using HunyuanOrleans.Silo.Http;
using HunyuanOrleans.Silo.Settings;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging.Console;

namespace HunyuanOrleans.Silo.Hosting;

/// <summary>
/// Composes and runs one silo process: settings, the Orleans silo, the HTTP API, and an orderly shutdown. It does not know what the grains do.
/// </summary>
public static partial class SiloHost
{
    /// <summary>Exit code after an orderly stop.</summary>
    public const int Stopped = 0;

    /// <summary>Exit code if the silo could not start, or ended with an error.</summary>
    public const int Failed = 1;

    /// <summary>Exit code if settings are wrong.</summary>
    public const int WrongSettings = 2;

    /// <summary>Runs a silo, or several, until the process is told to stop.</summary>
    /// <param name="args">The command line; --help lists its options. Each <see cref="SiloCommandLine.And"/> begins the options of another silo.</param>
    /// <returns>The exit code: that of the first silo that fails, which ends the others too.</returns>
    public static async Task<int> RunAsync(string[] args)
    {
        List<Task<int>> running = [.. SiloCommandLine.Split(args).Select(RunOneAsync)];
        int code = Stopped;
        while (running.Count > 0 && code == Stopped)
        {
            Task<int> ended = await Task.WhenAny(running);
            running.Remove(ended);
            code = await ended;
        }

        return code;
    }

    /// <summary>Builds a silo, which the caller starts and stops.</summary>
    /// <param name="commandLine">The parsed command line.</param>
    /// <exception cref="SettingsException">The settings are wrong.</exception>
    public static WebApplication Build(SiloCommandLine commandLine)
    {
        WebApplicationBuilder builder = WebApplication.CreateBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.Configuration.AddHostSettings(commandLine, Environment.GetEnvironmentVariables());
        HostSettings settings = HostSettings.Read(builder.Configuration);
        builder.Services.AddHostSettings(builder.Configuration);

        builder.Logging.AddConsole(static console => console.FormatterName = StartLog.FormatterName).AddConsoleFormatter<StartLog, ConsoleFormatterOptions>();
        builder.WebHost.UseUrls(settings.Silo.Urls.Split(';', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries));
        builder.Services.Configure<HostOptions>(host =>
        {
            host.ShutdownTimeout = TimeSpan.FromSeconds(settings.Silo.ShutdownGraceSeconds);
            // HTTP must answer probes while the silo joins and loads.
            host.ServicesStartConcurrently = true;
        });
        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.Services.AddSingleton<StartPhase>();
        builder.Services.AddHostedService<ShutdownMonitor>();
        builder.AddHunyuanSilo(settings);
        builder.AddClusterHttp();
        builder.Services.AddSiloHealth();
        builder.Services.AddHunyuanTelemetry(new TelemetryOptions
        {
            ServiceName = "hunyuan-silo",
            ServiceInstanceId = SiloResources.Name(settings.Silo),
            OtlpEndpoint = settings.Silo.OtlpEndpoint,
            OtlpLogs = settings.Silo.OtlpLogs,
        });

        WebApplication app = builder.Build();
        if (!settings.Tls.Enabled && ClusteringExtensions.ListensBeyondLoopback(settings))
        {
            LogUnencrypted(app.Logger, settings.Silo.SiloPort);
        }

        app.MapHunyuanApi(health: false);
        app.MapSiloHealth();
        return app;
    }

    private static async Task<int> RunOneAsync(string[] args)
    {
        try
        {
            SiloCommandLine commandLine = SiloCommandLine.Parse(args);
            if (commandLine.Help)
            {
                SiloCommandLine.WriteHelp(Console.Out);
                return Stopped;
            }

            await using WebApplication app = Build(commandLine);
            await app.RunAsync();
            return Stopped;
        }
        catch (SettingsException exception)
        {
            await Console.Error.WriteLineAsync(exception.Message);
            return WrongSettings;
        }
        catch (Exception exception)
        {
            // When a start fails, services that were still starting fail too; the reason of the silo's operator is what counts.
            Exception cause = exception is AggregateException several
                ? several.InnerExceptions.FirstOrDefault(static inner => inner is SiloStartException) ?? several.InnerExceptions[0]
                : exception;
            await Console.Error.WriteLineAsync($"The silo ended: {StartLog.Reason(cause)}");
            return Failed;
        }
    }

    [LoggerMessage(
        Level = LogLevel.Warning,
        Message = "Other machines can reach the silo port {Port}, and connections are not encrypted: whoever reaches it can act as a silo. --tls-certificate encrypts and checks them")]
    private static partial void LogUnencrypted(ILogger logger, int port);
}
