#include "engine/server/download_hub.h"

#include <QHostAddress>
#include <algorithm>
#include <cstdlib>

#include "engine/protocol/text.h"
#include "engine/run/files.h"
#include "engine/server/download_http.h"

namespace radlads::server {
namespace {

constexpr const char* kDefaultEndpoint = "https://huggingface.co";
constexpr size_t kLongestToken = 1024;

bool isNameCharacter(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '_' ||
           c == '-';
}

// The hub's own rule: "--" and ".." are not part of a name, so OWNER--MODEL is one directory for one model.
bool isNamePart(const std::string& part) {
    return !part.empty() && part.size() <= 96 && std::all_of(part.begin(), part.end(), isNameCharacter) &&
           part.front() != '.' && part.front() != '-' && part.back() != '.' && part.back() != '-' &&
           part.find("--") == part.npos && part.find("..") == part.npos;
}

// A user pastes what the browser shows.
std::string withoutAddress(std::string text, const QUrl& endpoint) {
    const std::string prefix = endpoint.toString(QUrl::StripTrailingSlash).toStdString() + "/";
    if (!text.starts_with(prefix)) return text;
    text.erase(0, prefix.size());
    const auto owner = text.find('/');
    if (owner == text.npos) return text;
    return text.substr(0, text.find_first_of("/?#", owner + 1));
}

const char* environment(const char* name) {
    const char* value = std::getenv(name);
    return value && *value ? value : nullptr;
}

fs::path tokenFile() {
    if (const char* path = environment("HF_TOKEN_PATH")) return path;
    return hubHome() / "token";
}

// A token goes into a header: anything but visible ASCII could be more than a token.
Result<QByteArray> checkedToken(std::string text, const std::string& where) {
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r' || text.back() == ' ')) text.pop_back();
    const bool visible = std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7F; });
    if (!visible || text.size() > kLongestToken)
        return invalidInput("{} holds no token (one word of visible ASCII characters); correct it or remove it", where);
    return QByteArray::fromStdString(text);
}

}  // namespace

fs::path hubHome() {
    if (const char* home = environment("HF_HOME")) return home;
    const char* cache = environment("XDG_CACHE_HOME");
    return (cache ? fs::path(cache) : run::homeDirectory() / ".cache") / "huggingface";
}

fs::path hubCacheDirectory() {
    if (const char* cache = environment("HF_HUB_CACHE")) return cache;
    return hubHome() / "hub";
}

fs::path modelsDirectory() {
    const fs::path runs = run::defaultRunsDirectory().lexically_normal();
    return (runs.has_filename() ? runs : runs.parent_path()).parent_path() / "models";
}

Result<ModelName> parseModelName(const std::string& text, const QUrl& endpoint) {
    const std::string name = withoutAddress(text, endpoint);
    const auto slash = name.find('/');
    const ModelName parsed{name.substr(0, slash), slash == name.npos ? "" : name.substr(slash + 1)};
    if (!isNamePart(parsed.owner) || !isNamePart(parsed.model))
        return invalidInput("{} is no name of a model; write it as OWNER/MODEL, as in Qwen/Qwen2.5-0.5B",
                            protocol::quote(text));
    return parsed;
}

Status checkRevision(const std::string& revision) {
    const bool known = std::all_of(revision.begin(), revision.end(),
                                   [](char c) { return isNameCharacter(c) || c == '/' || c == '+'; });
    if (revision.empty() || revision.size() > 200 || !known || revision.find("..") != revision.npos ||
        revision.front() == '/' || revision.front() == '-')
        return invalidInput("{} is no revision; give a branch, a tag or a commit, as in main",
                            protocol::quote(revision));
    return {};
}

Result<QUrl> hubEndpoint(const std::string& given) {
    const char* fromEnvironment = environment("HF_ENDPOINT");
    const std::string text = !given.empty() ? given : fromEnvironment ? fromEnvironment : kDefaultEndpoint;
    const std::string what = given.empty() ? "HF_ENDPOINT" : "the endpoint";
    QUrl url(QString::fromStdString(text), QUrl::StrictMode);
    if (!url.isValid() || url.host().isEmpty() || url.hasQuery() || url.hasFragment() || !url.userInfo().isEmpty())
        return invalidInput("{} {} is no address of a hub; write it as in {}", what, protocol::quote(text),
                            kDefaultEndpoint);
    const bool isSafe =
        url.scheme() == QLatin1String("https") || (url.scheme() == QLatin1String("http") && isThisComputer(url));
    if (!isSafe)
        return invalidInput("{} {} is not https; models are fetched by https only", what, protocol::quote(text));
    while (url.path().endsWith(QLatin1Char('/'))) url.setPath(url.path().chopped(1));
    return url;
}

Result<QByteArray> hubToken() {
    if (const char* token = environment("HF_TOKEN")) return checkedToken(token, "the environment variable HF_TOKEN");
    const fs::path file = tokenFile();
    std::error_code ignored;
    if (file.empty() || !fs::exists(file, ignored)) return QByteArray();
    RADLADS_TRY_ASSIGN(const std::string text, run::readFile(file, 2 * kLongestToken));
    return checkedToken(text, "the file " + file.string());
}

QUrl listingUrl(const QUrl& endpoint, const ModelName& name, const std::string& revision) {
    QUrl url = endpoint;
    const QByteArray encoded = QUrl::toPercentEncoding(QString::fromStdString(revision));
    url.setPath(endpoint.path() + QString::fromStdString("/api/models/" + name.text() + "/revision/") +
                    QString::fromLatin1(encoded),
                QUrl::TolerantMode);
    url.setQuery(QStringLiteral("blobs=true"));  // with sizes and checksums
    return url;
}

QUrl fileUrl(const QUrl& endpoint, const ModelName& name, const std::string& commit, const std::string& file) {
    QUrl url = endpoint;
    const QByteArray encoded = QUrl::toPercentEncoding(QString::fromStdString(file));
    url.setPath(endpoint.path() + QString::fromStdString("/" + name.text() + "/resolve/" + commit + "/") +
                    QString::fromLatin1(encoded),
                QUrl::TolerantMode);
    return url;
}

Error refusalError(const HubRefusal& refusal, const QUrl& endpoint, const ModelName& name, const std::string& revision,
                   const std::string& file, bool hasToken) {
    const std::string page = endpoint.toString().toStdString() + "/" + name.text();
    const std::string tokens = endpoint.toString().toStdString() + "/settings/tokens";
    const std::string what = file.empty() ? name.text() : name.text() + ", " + protocol::quote(file);
    const std::string how = fmt::format("make a token at {} and set HF_TOKEN to it", tokens);
    if (!refusal.fromHub)
        return {ErrorCode::Failed,
                fmt::format("{} refused {} (HTTP {}); try again later", refusal.host, what, refusal.status)};
    const bool isGated = refusal.code == "GatedRepo";
    if (isGated && (refusal.status == 403 || hasToken))
        return {
            ErrorCode::InvalidInput,
            fmt::format("{} is gated and your account has no access yet; open {} in a browser, accept the conditions, "
                        "and try again when access is granted",
                        name.text(), page)};
    if (isGated)
        return {
            ErrorCode::InvalidInput,
            fmt::format("{} is gated; open {} in a browser, accept the conditions, then {}", name.text(), page, how)};
    if (refusal.code == "RevisionNotFound")
        return {ErrorCode::InvalidInput,
                fmt::format("{} has no revision {}; its branches and tags are listed at {}/tree/main", name.text(),
                            protocol::quote(revision), page)};
    if (refusal.code == "RepoNotFound" || (refusal.status == 404 && file.empty()) ||
        (refusal.status == 401 && !hasToken))
        return {
            ErrorCode::InvalidInput,
            fmt::format("{} knows no model {}, or it is private; check the name (OWNER/MODEL, upper and lower case){}",
                        endpoint.host().toStdString(), name.text(),
                        hasToken ? " and that your token may read it" : "; for a private model " + how)};
    if (refusal.status == 401)
        return {ErrorCode::InvalidInput, fmt::format("{} refused your token; {}", endpoint.host().toStdString(), how)};
    if (refusal.status == 403)
        return {ErrorCode::InvalidInput,
                fmt::format("{} does not let you read {}; open {} in a browser to see what is asked for{}",
                            endpoint.host().toStdString(), what, page, hasToken ? "" : ", then " + how)};
    if (refusal.status == 404)
        return {ErrorCode::Failed,
                fmt::format("{} lists {} but does not have it; try again later", endpoint.host().toStdString(), what)};
    return {ErrorCode::Failed, fmt::format("{} refused {} (HTTP {}); try again later", endpoint.host().toStdString(),
                                           what, refusal.status)};
}

}  // namespace radlads::server
