using System.CommandLine;
using HunyuanOrleans.Cli.CommandLine;
using HunyuanOrleans.Cli.Output;
using HunyuanOrleans.Cli.Sessions;
using HunyuanOrleans.Model;
using HunyuanOrleans.Server.Hosting;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Console;
using Microsoft.Extensions.Options;

namespace HunyuanOrleans.Cli.Commands;

/// <summary>The verb <c>serve</c>: serves OpenAI's API over HTTP for a model in this process.</summary>
internal static class ServeCommand
{
    private const string EnvironmentPrefix = "HUNYUAN_";

    private static readonly Option<string?> Host = new("--host")
    {
        Description = "The address to listen on. Addresses other than loopback need an API key. [default: 127.0.0.1]",
        HelpName = "ADDRESS",
    };

    private static readonly Option<int?> Port = new Option<int?>("--port", "-p")
    {
        Description = "The port to listen on; 0 takes any free port. [default: 8020]",
        HelpName = "PORT",
    }.InRange(0, 65535);

    private static readonly Option<string?> KeyFile = new("--api-key-file")
    {
        Description = "A file with the API keys, one per line: a key or sha256:HASH. A request must have one of them.",
        HelpName = "FILE",
    };

    private static readonly Option<bool> Anonymous = new("--allow-anonymous")
    {
        Description = "Allow addresses other than loopback without an API key.",
    };

    private static readonly Option<string?> Reasoning = new Option<string>("--reasoning-parser")
    {
        Description = "How answers mark the model's reasoning; auto: as its chat template tells; none: reasoning is part of the text. [default: auto]",
        HelpName = string.Join('|', ServerOptions.ReasoningParsers),
    }.OneOf([.. ServerOptions.ReasoningParsers])!;

    private static readonly Option<string?> Config = new("--config")
    {
        Description = "A JSON file with more settings in its section Server. Variables such as HUNYUAN_Server__Port override it.",
        HelpName = "FILE",
    };

    private static readonly Option<string> Log = new Option<string>("--log-level")
    {
        Description = "The lowest level of messages that are written to the error stream.",
        DefaultValueFactory = _ => "info",
        HelpName = "debug|info|warning|error",
    }.OneOf("debug", "info", "warning", "error");

    /// <summary>Creates the verb.</summary>
    public static Command Create()
    {
        Command command = new("serve", "Serves OpenAI's API over HTTP.")
        {
            SharedOptions.Model, Host, Port, ServedModelOptions.Name, KeyFile, Anonymous, Reasoning, Config, Log,
        };
        SharedOptions.AddComputeTo(command);
        SharedOptions.AddGuessingTo(command);
        AdapterOptions.AddServedTo(command);
        command.SetAction((parsed, _) => RunAsync(parsed));
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed)
    {
        LocalModelOptions model = AdapterOptions.Read(parsed, ServedModelOptions.Read(parsed));
        model.CheckAdapters();
        using InterruptHandler interrupt = new();
        await using WebApplication app = await StartAsync(parsed, model, interrupt.Token);
        await ServeAsync(app, parsed.InvocationConfiguration.Output, interrupt.Token);
        return app.Services.GetRequiredService<ModelSlot>().Failure is { } failure ? throw new ModelException(failure) : ExitCode.Success;
    }

    private static async Task<WebApplication> StartAsync(ParseResult parsed, LocalModelOptions model, CancellationToken interrupted)
    {
        WebApplication? app = null;
        try
        {
            app = Build(parsed, model);
            await app.StartAsync(interrupted);
            return app;
        }
        catch (Exception error)
        {
            await (app?.DisposeAsync() ?? ValueTask.CompletedTask);
            throw error is OptionsValidationException wrong ? new ModelException(string.Join(' ', wrong.Failures), wrong) : error;
        }
    }

    private static WebApplication Build(ParseResult parsed, LocalModelOptions model)
    {
        WebApplicationBuilder builder = ModelServer.CreateBuilder(model);
        if (parsed.GetValue(Config) is { } file)
        {
            builder.Configuration.AddJsonFile(Path.GetFullPath(file), optional: false);
        }

        builder.Configuration.AddEnvironmentVariables(EnvironmentPrefix);
        builder.Services.AddHunyuanServerHost(builder.Configuration.GetSection(ServerOptions.Section), options =>
        {
            options.Host = parsed.GetValue(Host) ?? options.Host;
            options.Port = parsed.GetValue(Port) ?? options.Port;
            options.KeyFile = parsed.GetValue(KeyFile) ?? options.KeyFile;
            options.ReasoningParser = parsed.GetValue(Reasoning) ?? options.ReasoningParser;
            options.AllowAnonymous |= parsed.GetValue(Anonymous);
        });
        builder.Logging.SetMinimumLevel(parsed.GetValue(Log) switch
        {
            "debug" => LogLevel.Debug,
            "warning" => LogLevel.Warning,
            "error" => LogLevel.Error,
            _ => LogLevel.Information,
        });
        builder.Logging.AddFilter("Microsoft", LogLevel.Warning);
        // Its log scope would add a second request id beside the one that clients see.
        builder.Logging.AddFilter("Microsoft.AspNetCore.Hosting.Diagnostics", LogLevel.None);
        // The command itself reports in one line why a start failed.
        builder.Logging.AddFilter("Microsoft.Extensions.Hosting.Internal.Host", LogLevel.None);
        builder.Services.Configure<SimpleConsoleFormatterOptions>(static console =>
        {
            console.IncludeScopes = true;
            console.TimestampFormat = "yyyy-MM-dd HH:mm:ss ";
        });
        WebApplication app = builder.Build();
        app.MapHunyuanApi();
        return app;
    }

    private static async Task ServeAsync(WebApplication app, TextWriter output, CancellationToken interrupted)
    {
        IHostApplicationLifetime lifetime = app.Services.GetRequiredService<IHostApplicationLifetime>();
        using CancellationTokenRegistration stop = interrupted.Register(lifetime.StopApplication);
        ModelSlot slot = app.Services.GetRequiredService<ModelSlot>();
        Task ended = app.WaitForShutdownAsync(CancellationToken.None);
        await Task.WhenAny(slot.Settled, ended);
        if (slot.Model is ServedModel model)
        {
            try
            {
                WriteGreeting(output, app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.First(), model.Name);
            }
            catch (ClosedPipeException)
            {
                // The greeting is not the work of a server. It goes on for its clients, although the program that started it reads no output.
            }
        }

        await ended;
    }

    private static void WriteGreeting(TextWriter output, string address, string model)
    {
        // Shows the loopback address if the server listens on all addresses, because that is what works in a browser.
        string url = address.Replace("[::]", "127.0.0.1", StringComparison.Ordinal).Replace("0.0.0.0", "127.0.0.1", StringComparison.Ordinal);
        output.WriteLine($$"""
            Serving {{model}} on {{url}}
            Open it in a browser to chat, or:

              curl {{url}}/v1/chat/completions -H 'Content-Type: application/json' \
                -d '{"messages":[{"role":"user","content":"What is the capital of France?"}]}'

            Ctrl-C stops it.
            """);
        output.Flush();
    }
}
